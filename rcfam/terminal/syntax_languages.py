"""What the lexer knows of each language: what is coloured, and in which of vim's default colours."""

from typing import Final

from rcfam.terminal import syntax_rules as T
from rcfam.terminal.attributes import (
    COMMENT,
    CONSTANT,
    EMPHASIS,
    IDENTIFIER,
    PREPROC,
    STATEMENT,
    STRONG,
    TYPE,
    UNDERLINED,
)
from rcfam.terminal.syntax_rules import Language, Region

_NAMED: Final = STATEMENT | IDENTIFIER << 6
_TODO: Final = {T.NOTE: "TODO FIXME XXX"}


def _comment(start: str, flags: int = 0) -> Region:
    """A comment up to the line's end."""
    return Region(start, "", COMMENT, flags | T.NOTES)


def _block(start: str, end: str, flags: int = 0) -> Region:
    return Region(start, end, COMMENT, flags | T.LINES | T.NOTES)


def _string(quote: str, flags: int = 0, escaped: int = PREPROC) -> Region:
    """A string with backslashes, escapes in a colour of their own."""
    return Region(quote, quote, CONSTANT, flags, "\\", escaped)


def _plain(quote: str, flags: int = 0, end: str = "") -> Region:
    """A string without backslashes."""
    return Region(quote, end or quote, CONSTANT, flags)


_C_COMMENTS: Final = (_comment("//", T.CONTINUED), _block("/*", "*/"))
_SHELL_COMMENT: Final = _comment("#", T.AFTER_BLANK)
_DIRECTIVES: Final = {
    PREPROC | T.BASE: "#define #undef #pragma #error #warning #line",
    PREPROC | T.BASE | T.QUIET: "#if #ifdef #ifndef #elif #else #endif",
    PREPROC | T.INCLUDE: "#include #include_next #import",
}
_C_STATEMENTS: Final = "break case continue default do else for goto if return switch while sizeof asm __asm__ alignof"
_C_TYPES: Final = """auto bool char clock_t complex const double enum extern FILE float inline int int8_t int16_t
    int32_t int64_t intmax_t intptr_t long mode_t off_t pid_t ptrdiff_t register restrict short signed size_t
    ssize_t static struct time_t typedef uint8_t uint16_t uint32_t uint64_t uintmax_t uintptr_t union unsigned
    va_list void volatile wchar_t _Bool _Atomic _Noreturn _Thread_local _Alignas alignas jmp_buf sig_atomic_t div_t
    fpos_t wint_t char16_t char32_t __inline __inline__ __attribute__ __const"""
_C_CONSTANTS: Final = """NULL EOF BUFSIZ stdin stdout stderr true false RAND_MAX EXIT_SUCCESS EXIT_FAILURE CHAR_BIT
    CHAR_MAX CHAR_MIN INT_MAX INT_MIN UINT_MAX LONG_MAX LONG_MIN ULONG_MAX LLONG_MAX LLONG_MIN ULLONG_MAX SHRT_MAX
    SHRT_MIN USHRT_MAX UCHAR_MAX INT8_MAX INT16_MAX INT32_MAX INT64_MAX UINT8_MAX UINT16_MAX UINT32_MAX UINT64_MAX
    SIZE_MAX SSIZE_MAX PTRDIFF_MAX DBL_MAX DBL_MIN FLT_MAX FLT_MIN DBL_EPSILON FLT_EPSILON SEEK_SET SEEK_CUR
    SEEK_END LC_ALL CLOCKS_PER_SEC LC_NUMERIC LC_COLLATE LC_CTYPE EDOM ERANGE EAGAIN EINTR EINVAL ENOMEM ENOENT
    EEXIST EACCES EBADF EPIPE EINPROGRESS EWOULDBLOCK ETIMEDOUT ECONNREFUSED ECONNRESET SIGINT SIGTERM SIGSEGV
    SIGABRT SIGKILL SIGHUP SIGPIPE SIGALRM SIGCHLD SIG_DFL SIG_IGN SIG_ERR __LINE__ __FILE__ __DATE__ __TIME__
    __func__ __STDC__ __STDC_VERSION__ M_PI"""
_C_STRINGS: Final = (_string('"', T.FORMATS | T.CONTINUED), _string("'", T.CHARACTER))

_JAVASCRIPT: Final = {
    STATEMENT: """break case catch continue default delete do else finally for if in instanceof new of return switch
        throw try typeof while with async await class const debugger export extends import static super yield self
        window top parent alert confirm prompt status char double float int long short byte boolean enum final goto
        implements interface native package private protected public synchronized throws transient volatile abstract""",
    TYPE: "Array Boolean Date Function Number Object Proxy RegExp String Symbol",
    IDENTIFIER: "arguments document event function this var let",
    CONSTANT: "null undefined true false",
    **_TODO,
}
_REGEX: Final = Region("/", "/", CONSTANT, T.AFTER_OPERATOR | T.CLOSED, "\\", PREPROC)
_TEMPLATE: Final = _string("`", T.LINES | T.SIGILS)

_PYTHON: Final = Language(
    "python",
    "*.py *.pyi *.pyw *.bzl *.ptl SConstruct SConscript BUILD WORKSPACE wscript",
    (
        Region('"""', '"""', CONSTANT, T.LINES, "\\", PREPROC),
        Region("'''", "'''", CONSTANT, T.LINES, "\\", PREPROC),
        _string('"', T.CONTINUED),
        _string("'", T.CONTINUED),
        Region('r"""', '"""', CONSTANT, T.LINES, "\\"),
        Region("r'''", "'''", CONSTANT, T.LINES, "\\"),
        Region('r"', '"', CONSTANT, T.CONTINUED, "\\"),
        Region("r'", "'", CONSTANT, T.CONTINUED, "\\"),
        _comment("#"),
    ),
    {
        STATEMENT: """as assert break continue del exec global lambda nonlocal pass print return with yield elif
            else if for while and in is not or except finally raise try async await case match""",
        _NAMED: "def class",
        PREPROC: "from import",
        IDENTIFIER: """abs all any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile
            complex delattr dict dir divmod enumerate eval filter float format frozenset getattr globals hasattr
            hash help hex id input int isinstance issubclass iter len list locals map max memoryview min next object
            oct open ord pow property range repr reversed round set setattr slice sorted staticmethod str sum super
            tuple type vars zip __import__ False None True NotImplemented Ellipsis __debug__""",
        TYPE: """BaseException Exception ArithmeticError AssertionError AttributeError BufferError EOFError
            EnvironmentError FloatingPointError GeneratorExit IOError ImportError IndentationError IndexError
            KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotImplementedError
            OSError OverflowError RecursionError ReferenceError RuntimeError StopAsyncIteration StopIteration
            SyntaxError SystemError SystemExit TabError TypeError UnboundLocalError UnicodeDecodeError
            UnicodeEncodeError UnicodeError ValueError ZeroDivisionError BlockingIOError BrokenPipeError
            ChildProcessError ConnectionError FileExistsError FileNotFoundError InterruptedError IsADirectoryError
            NotADirectoryError PermissionError ProcessLookupError TimeoutError Warning DeprecationWarning
            FutureWarning ImportWarning UserWarning RuntimeWarning SyntaxWarning ResourceWarning UnicodeWarning
            BytesWarning PendingDeprecationWarning""",
        T.NOTE: "TODO FIXME XXX NOTE NOTES",
    },
    interpreters="python pypy",
    sigils={"@": PREPROC},
    switches={T.NUMBERS: CONSTANT, T.DOTTED: 1, T.SIGIL_NAME: IDENTIFIER},
)

_C: Final = Language(
    "c",
    "*.c",
    (*_C_COMMENTS, *_C_STRINGS),
    {STATEMENT: _C_STATEMENTS, TYPE: _C_TYPES, CONSTANT: _C_CONSTANTS, **_DIRECTIVES, **_TODO},
    directive="#",
    switches={T.NUMBERS: CONSTANT},
)

_CPP: Final = Language(
    "cpp",
    "*.h *.cc *.cpp *.cxx *.c++ *.C *.hh *.hpp *.hxx *.h++ *.H *.inl *.ipp *.cu *.cuh *.ino",
    (Region('R"(', ')"', CONSTANT, T.LINES | T.NOT_IN_WORD), *_C_COMMENTS, *_C_STRINGS),
    {
        STATEMENT: _C_STATEMENTS
        + """ new delete this friend using public protected private throw try catch operator typeid co_await
            co_return co_yield const_cast static_cast dynamic_cast reinterpret_cast and bitor or xor compl bitand
            and_eq or_eq xor_eq not not_eq""",
        TYPE: _C_TYPES
        + """ class typename template namespace inline virtual explicit export wchar_t mutable constexpr decltype
            thread_local consteval constinit concept requires override final noexcept char8_t""",
        CONSTANT: _C_CONSTANTS + " nullptr",
        **_DIRECTIVES,
        **_TODO,
    },
    directive="#",
    switches={T.NUMBERS: CONSTANT},
)

_JAVASCRIPT_LANGUAGE: Final = Language(
    "javascript",
    "*.js *.mjs *.cjs *.jsx *.es6 Jakefile",
    (*_C_COMMENTS, _string('"', T.CONTINUED), _string("'", T.CONTINUED), _TEMPLATE, _REGEX),
    _JAVASCRIPT,
    letters="_$",
    interpreters="node nodejs deno bun",
    marks={IDENTIFIER: "{}[]"},
)

_TYPESCRIPT: Final = Language(
    "typescript",
    "*.ts *.tsx *.mts *.cts",
    (*_C_COMMENTS, _string('"', T.CONTINUED), _string("'", T.CONTINUED), _TEMPLATE, _REGEX),
    {
        STATEMENT: """break case catch continue default delete do else finally for if in instanceof new of return
            switch throw try typeof while with keyof is as async await yield satisfies infer""",
        TYPE: """any bigint boolean never number object string symbol unknown void type interface enum declare
            abstract class extends implements namespace module readonly unique""",
        IDENTIFIER: "arguments this function var let const constructor get set super",
        CONSTANT: "null undefined true false",
        PREPROC: "import export from public private protected static override debugger",
        **_TODO,
    },
    letters="_$",
    marks={IDENTIFIER: "{}"},
    switches={T.NUMBERS: CONSTANT, T.DOTTED: 1},
)

_JAVA: Final = Language(
    "java",
    "*.java *.jav",
    (
        Region('"""', '"""', CONSTANT, T.LINES, "\\", PREPROC),
        *_C_COMMENTS,
        _string('"'),
        _string("'", T.CHARACTER),
    ),
    {
        STATEMENT: """if else switch while for do return break continue case default throw try catch finally new
            instanceof goto assert synchronized yield""",
        TYPE: """boolean char byte short int long void float double static transient volatile final strictfp
            serializable public private protected abstract native class interface enum extends implements throws
            record sealed permits module open requires exports opens to uses provides with var""",
        CONSTANT: "true false null this super",
        PREPROC: "import package",
        **_TODO,
    },
    letters="_$",
    sigils={"@": PREPROC},
    switches={T.NUMBERS: CONSTANT},
)

_KOTLIN: Final = Language(
    "kotlin",
    "*.kt *.kts",
    (
        Region('"""', '"""', CONSTANT, T.LINES | T.SIGILS),
        _comment("//"),
        _block("/*", "*/", T.NESTED),
        _string('"', T.SIGILS),
        _string("'", T.CHARACTER),
    ),
    {
        STATEMENT: """break continue return if else when for do while try catch finally throw in is as by where init
            constructor get set typealias""",
        TYPE: """class interface object enum val var fun public private protected internal abstract final open
            override sealed data inner companion lateinit lazy vararg suspend inline noinline crossinline reified
            tailrec operator infix external annotation expect actual const value out typeof Any Boolean Byte Char
            Double Float Int Long Short String Unit Nothing Array List Map Set MutableList MutableMap MutableSet""",
        CONSTANT: "true false null this super",
        PREPROC: "import package",
        **_TODO,
    },
    sigils={"@": PREPROC, "$": PREPROC},
    switches={T.NUMBERS: CONSTANT, T.DOTTED: 1, T.SIGIL_OPEN: 1},
)

_CSHARP: Final = Language(
    "cs",
    "*.cs *.csx",
    (
        Region('@"', '"', CONSTANT, T.LINES | T.DOUBLED),
        *_C_COMMENTS,
        _string('"'),
        _string("'", T.CHARACTER),
    ),
    {
        STATEMENT: """break case catch checked continue default do else finally fixed for foreach goto if lock
            return switch throw try unchecked unsafe while yield as base checked default delegate event is in nameof
            new operator params ref sizeof stackalloc this typeof using where select from orderby group join let
            into await get set add remove value when var dynamic out""",
        TYPE: """bool byte char decimal double float int long object sbyte short string uint ulong ushort void class
            enum interface namespace struct record abstract async const explicit extern implicit internal override
            partial private protected public readonly required sealed static unsafe virtual volatile""",
        CONSTANT: "true false null",
        PREPROC
        | T.BASE
        | T.QUIET: "#if #else #elif #endif #define #undef #warning #error #line #region #endregion #pragma #nullable",
        **_TODO,
    },
    letters="_@",
    directive="#",
    switches={T.NUMBERS: CONSTANT},
)

_GO: Final = Language(
    "go",
    "*.go",
    (*_C_COMMENTS, _string('"', T.FORMATS), _string("'", T.CHARACTER), _plain("`", T.LINES)),
    {
        STATEMENT: """package import const var type func defer go goto return break continue fallthrough if else
            switch select case default for range""",
        TYPE: """chan map struct interface bool string error any comparable int int8 int16 int32 int64 rune uint
            byte uint8 uint16 uint32 uint64 uintptr float32 float64 complex64 complex128""",
        IDENTIFIER: """append cap clear close complex copy delete imag len make max min new panic print println real
            recover""",
        CONSTANT: "true false nil iota",
        T.NOTE: "TODO FIXME XXX BUG",
    },
    switches={T.NUMBERS: CONSTANT},
)

_RUST: Final = Language(
    "rust",
    "*.rs",
    (
        Region("/**", "*/", PREPROC, T.LINES | T.NOTES),
        Region("/*!", "*/", PREPROC, T.LINES | T.NOTES),
        Region("///", "", PREPROC, T.NOTES),
        Region("//!", "", PREPROC, T.NOTES),
        _comment("//"),
        _block("/*", "*/", T.NESTED),
        Region("#![", "]", PREPROC, T.LINES),
        Region("#[", "]", PREPROC, T.LINES),
        Region('r##"', '"##', CONSTANT, T.LINES | T.NOT_IN_WORD),
        Region('r#"', '"#', CONSTANT, T.LINES | T.NOT_IN_WORD),
        Region('r"', '"', CONSTANT, T.LINES | T.NOT_IN_WORD),
        Region('br"', '"', CONSTANT, T.LINES | T.NOT_IN_WORD),
        Region('b"', '"', CONSTANT, T.LINES | T.NOT_IN_WORD, "\\", PREPROC),
        Region("b'", "'", CONSTANT, T.NOT_IN_WORD, "\\", PREPROC),
        _string('"', T.LINES),
        _string("'", T.CHARACTER),
    ),
    {
        STATEMENT: """as break continue else for if in loop match return while impl let pub type use where async
            await dyn macro yield crate super""",
        _NAMED: "fn struct enum trait union",
        TYPE: """const mut ref move static unsafe extern box default i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128
            usize f32 f64 bool char str Self String Vec Box Option Result ToString ToOwned Copy Clone Send Sized
            Sync Drop Fn FnMut FnOnce From Into Iterator IntoIterator Extend DoubleEndedIterator ExactSizeIterator
            Default Eq PartialEq Ord PartialOrd AsRef AsMut Debug Hash""",
        CONSTANT: "true false self Some None Ok Err",
        PREPROC | IDENTIFIER << 6: "mod",
        T.NOTE: "TODO FIXME XXX NB NOTE SAFETY",
    },
    sigils={"'": PREPROC},
    marks={STATEMENT: "=+-*/^|!<>%", TYPE: "&", PREPROC: "?"},
    switches={T.NUMBERS: CONSTANT, T.CALLED: IDENTIFIER, T.BANGED: PREPROC, T.PATHED: PREPROC},
)

_RUBY: Final = Language(
    "ruby",
    "*.rb *.rbw *.gemspec *.rake *.ru *.podspec Gemfile Rakefile Vagrantfile Guardfile Podfile Fastfile Brewfile"
    " config.ru",
    (
        Region("=begin", "=end", COMMENT, T.LINE_START | T.LINES),
        _comment("#"),
        Region('"', '"', CONSTANT, T.LINES | T.BRACES, "\\", PREPROC, PREPROC),
        Region("'", "'", CONSTANT, T.LINES, "\\", CONSTANT, PREPROC),
        Region("`", "`", CONSTANT, T.LINES | T.BRACES, "\\", PREPROC, PREPROC),
        Region("%w[", "]", CONSTANT, T.LINES, mark_colour=PREPROC),
        Region("%w(", ")", CONSTANT, T.LINES, mark_colour=PREPROC),
        Region("%i[", "]", CONSTANT, T.LINES, mark_colour=PREPROC),
        Region("%q(", ")", CONSTANT, T.LINES, mark_colour=PREPROC),
        Region("%(", ")", CONSTANT, T.LINES | T.AFTER_OPERATOR | T.BRACES, mark_colour=PREPROC),
        Region("%r{", "}", CONSTANT, T.LINES | T.BRACES, "\\", PREPROC, PREPROC),
        Region("/", "/", CONSTANT, T.AFTER_OPERATOR | T.CLOSED | T.BRACES, "\\", PREPROC, PREPROC),
        Region("<<", "", CONSTANT, T.HERE | T.HERE_QUOTED | T.BRACES),
    ),
    {
        STATEMENT: """and break begin case do else elsif end ensure for if in next not or redo rescue retry return
            then undef unless until when while yield alias super raise fail catch throw loop defined? lambda proc
            attr attr_accessor attr_reader attr_writer abort at_exit exit public private protected module_function
            public_class_method private_class_method private_constant""",
        PREPROC | IDENTIFIER << 6: "def",
        PREPROC | TYPE << 6: "class module",
        PREPROC: """require require_relative load autoload include extend prepend refine using __FILE__ __LINE__
            __method__""",
        CONSTANT: "true false nil",
        IDENTIFIER: "self ARGF ARGV ENV DATA STDIN STDOUT STDERR",
        **_TODO,
    },
    inside="?!",
    interpreters="ruby rake irb",
    sigils={"@": IDENTIFIER, "$": IDENTIFIER, ":": CONSTANT},
    switches={T.NUMBERS: CONSTANT, T.DOTTED: 1, T.CAPITAL: TYPE, T.LABELLED: CONSTANT, T.SIGIL_OPEN: 4},
)

_SHELL: Final = Language(
    "sh",
    "*.sh *.bash *.zsh *.ksh *.bats *.ebuild .bashrc .bash_profile .bash_logout .profile .zshrc .zshenv bashrc PKGBUILD"
    " *.env .envrc",
    (
        _SHELL_COMMENT,
        Region('"', '"', CONSTANT, T.LINES | T.SIGILS, "\\", PREPROC, STATEMENT),
        Region("$'", "'", CONSTANT, T.LINES, "\\", PREPROC, STATEMENT),
        Region("'", "'", CONSTANT, T.LINES, mark_colour=STATEMENT),
        Region("<<", "", CONSTANT, T.HERE | T.SIGILS, mark_colour=STATEMENT),
    ),
    {
        STATEMENT: """case do done elif else esac fi for if in select then until while alias break cd chdir continue
            eval exec exit fc fg getopts hash jobs kill newgrp pwd read return shift test times trap type ulimit
            umask unalias wait bg bind builtin caller command compopt declare dirs disown enable export history let
            local logout popd pushd readonly set shopt source suspend typeset unset echo printf time cat chgrp chmod
            chown cp cut date dd du expr find grep egrep head ls mkdir mktemp mv rm rmdir sed sleep sort strip tail
            tee touch tr tput uname uniq wc which xargs awk basename dirname""",
        STATEMENT | IDENTIFIER << 6: "function",
        **_TODO,
    },
    inside="-",
    interpreters="sh bash dash ksh zsh ash bats",
    sigils={"$": PREPROC, "-": PREPROC},
    marks={PREPROC: "[]", IDENTIFIER: "{}", STATEMENT: ";|&<>"},
    switches={T.NUMBERS: CONSTANT, T.SIGIL_OPEN: 5, T.CALLED: IDENTIFIER, T.ASSIGNED: IDENTIFIER},
)

_LUA: Final = Language(
    "lua",
    "*.lua *.rockspec .luacheckrc",
    (
        Region("--[[", "]]", COMMENT, T.LINES | T.NOTES),
        Region("--[=[", "]=]", COMMENT, T.LINES | T.NOTES),
        Region("--[==[", "]==]", COMMENT, T.LINES | T.NOTES),
        _comment("--"),
        Region("[[", "]]", CONSTANT, T.LINES),
        Region("[=[", "]=]", CONSTANT, T.LINES),
        Region("[==[", "]==]", CONSTANT, T.LINES),
        _string('"', T.CONTINUED),
        _string("'", T.CONTINUED),
    ),
    {
        STATEMENT: "return local break goto for while repeat until do if then elseif else end in and or not",
        IDENTIFIER: """function assert collectgarbage dofile error next print rawget rawset self setmetatable
            tonumber tostring type _VERSION getmetatable ipairs pairs load loadfile pcall rawequal rawlen require
            select unpack xpcall _G _ENV module math string table io os coroutine debug package utf8 bit32""",
        CONSTANT: "nil true false",
        **_TODO,
    },
    interpreters="lua luajit",
    marks={STATEMENT: "=+-*/%^<>~#&|", TYPE: "{}"},
    switches={T.NUMBERS: CONSTANT},
)

_PHP: Final = Language(
    "php",
    "*.php *.phtml *.php3 *.php4 *.php5 *.inc",
    (
        Region("<?php", "", PREPROC, T.THEN),
        _comment("//"),
        Region("#[", "]", PREPROC),
        _comment("#"),
        _block("/*", "*/"),
        _string('"', T.LINES | T.SIGILS),
        _string("'", T.LINES),
        Region("<<<", "", CONSTANT, T.HERE | T.HERE_QUOTED | T.SIGILS),
    ),
    {
        STATEMENT: """declare else enddeclare endswitch elseif endif if switch as do endfor endforeach endwhile for
            foreach while case default return break continue exit goto yield throw try catch finally new clone
            instanceof and or xor match echo print unset isset empty list array die use global""",
        TYPE: """abstract final private protected public static const class interface trait extends implements
            readonly enum var bool boolean int integer real double float string object null void mixed callable
            iterable self parent""",
        PREPROC: "include include_once require require_once define namespace function fn",
        CONSTANT: "true false",
        **_TODO,
    },
    interpreters="php",
    sigils={"$": IDENTIFIER},
    switches={T.NUMBERS: CONSTANT, T.FOLD: 1, T.CALLED: IDENTIFIER, T.SIGIL_OPEN: 1},
)

_SQL: Final = Language(
    "sql",
    "*.sql *.ddl *.psql",
    (
        _comment("--"),
        _block("/*", "*/"),
        Region("'", "'", CONSTANT, T.LINES | T.DOUBLED, mark_colour=PREPROC),
        Region('"', '"', CONSTANT, T.LINES, mark_colour=PREPROC),
    ),
    {
        STATEMENT: """alter analyze audit begin comment commit delete drop execute explain grant insert lock noaudit
            rename revoke rollback savepoint select set truncate update vacuum merge replace create declare with
            union""",
        PREPROC: """access add as asc by case check cluster column cascade connect current cursor default desc
            distinct else elsif end exception exists file for foreign from function group having if immediate
            increment index initial into is join key left level limit loop mode modify nocompress not null of offset
            on online option order outer inner package primary privileges procedure public references return
            returning right rows schema sequence session share start table temporary then to trigger unique user
            using values view when where while database constraint after before each row conflict nothing cross
            natural collate and or all any between in intersect minus some exists like returns language""",
        TYPE: """boolean char character date float integer long mlslabel number numeric decimal raw rowid varchar
            varchar2 varray bigint int smallint text timestamp timestamptz time interval uuid json jsonb serial
            bigserial real double precision blob bytea tinyint""",
        CONSTANT: "true false",
        **_TODO,
    },
    marks={PREPROC: "(),;"},
    switches={T.NUMBERS: CONSTANT, T.FOLD: 1},
)

_ENTITY: Final = Region("&", ";", PREPROC, T.CLOSED)

_HTML: Final = Language(
    "html",
    "*.html *.htm *.xhtml *.vue *.svelte *.ejs *.hbs *.mustache *.j2 *.jinja *.jinja2 *.erb *.tmpl",
    (
        _block("<!--", "-->"),
        Region("<!", ">", COMMENT, T.LINES),
        Region("</", ">", IDENTIFIER, T.LINES | T.TAG, escape_colour=STATEMENT),
        Region("<", ">", IDENTIFIER, T.LINES | T.TAG, escape_colour=STATEMENT),
        _ENTITY,
    ),
    {**_TODO},
    inside="-",
)

_XML: Final = Language(
    "xml",
    "*.xml *.xsd *.xsl *.xslt *.svg *.plist *.pom *.csproj *.props *.targets *.iml *.rss *.atom *.wsdl *.ui *.natvis"
    " *.xcscheme *.storyboard",
    (
        _block("<!--", "-->"),
        Region("<![CDATA[", "]]>", CONSTANT, T.LINES),
        Region("<!", ">", TYPE, T.LINES),
        Region("<?", "?>", TYPE, T.LINES),
        Region("</", ">", IDENTIFIER, T.LINES),
        Region("<", ">", IDENTIFIER, T.LINES | T.TAG),
        _ENTITY,
    ),
    {**_TODO},
    inside="-:.",
)

_CSS: Final = Language(
    "css",
    "*.css *.scss *.sass *.less",
    (_block("/*", "*/"), _comment("//", T.FIRST), _string('"', 0, CONSTANT), _string("'", 0, CONSTANT)),
    {
        STATEMENT: """a abbr article aside audio b blockquote body button canvas caption code col dd details div dl
            dt em embed fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img
            input label legend li link main mark nav ol optgroup option p picture pre q s samp script section select
            small source span strong style sub summary sup svg table tbody td textarea tfoot th thead time title tr
            u ul video""",
        **_TODO,
    },
    letters="_-",
    sigils={".": IDENTIFIER, "#": IDENTIFIER, "@": PREPROC, "$": IDENTIFIER, ":": PREPROC},
    marks={IDENTIFIER: "{}", PREPROC: ",>"},
    switches={T.NUMBERS: CONSTANT, T.LABELLED: TYPE, T.VALUES: CONSTANT},
)

_JSON: Final = Language(
    "json",
    "*.json *.jsonc *.json5 *.webmanifest *.ipynb *.jsonl *.geojson .babelrc .eslintrc .prettierrc .jshintrc .jscsrc"
    " composer.lock Pipfile.lock",
    (_comment("//"), _block("/*", "*/"), Region('"', '"', CONSTANT, T.KEYED, "\\", PREPROC, 0)),
    {CONSTANT: "true false", IDENTIFIER: "null"},
    marks={PREPROC: "{}[]"},
    switches={T.NUMBERS: CONSTANT},
)

_YAML: Final = Language(
    "yaml",
    "*.yaml *.yml .clang-format .clang-tidy *.cff pixi.lock dvc.lock *.dvc",
    (
        _comment("#", T.AFTER_BLANK),
        Region("---", "", PREPROC, T.LINE_START),
        Region("...", "", PREPROC, T.LINE_START),
        Region('"', '"', CONSTANT, T.LINES, "\\", PREPROC),
        Region("'", "'", CONSTANT, T.LINES | T.DOUBLED),
    ),
    {
        CONSTANT: """true false null True False Null TRUE FALSE NULL yes no on off Yes No On Off YES NO ON OFF ~""",
        **_TODO,
    },
    letters="_~",
    keys=":",
    switches={
        T.NUMBERS: CONSTANT,
        T.SCALARS: 1,
        T.KEY_COLOUR: IDENTIFIER,
        T.KEY_MARK_COLOUR: PREPROC,
        T.KEY_RULE: T.KEY_SPACED | T.KEY_DASHES,
    },
)

_TOML: Final = Language(
    "toml",
    "*.toml Cargo.lock poetry.lock uv.lock Pipfile Gopkg.lock",
    (
        _comment("#"),
        Region("[", "]", PREPROC, T.FIRST | T.LINE_START),
        Region('"""', '"""', CONSTANT, T.LINES, "\\", PREPROC),
        Region("'''", "'''", CONSTANT, T.LINES),
        Region('"', '"', CONSTANT, 0, "\\", PREPROC),
        _plain("'"),
    ),
    {CONSTANT: "true false inf nan", **_TODO},
    inside="-:",
    keys="=",
    switches={T.NUMBERS: CONSTANT, T.KEY_COLOUR: IDENTIFIER},
)

_INI: Final = Language(
    "ini",
    "*.ini *.cfg *.cnf *.conf *.properties *.service *.desktop .editorconfig .gitconfig .gitmodules .pylintrc .flake8"
    " .coveragerc .npmrc setup.cfg",
    (
        _comment("#", T.FIRST),
        _comment(";", T.FIRST),
        Region("[", "]", PREPROC, T.FIRST),
        _plain('"'),
    ),
    {**_TODO},
    inside="-.",
    keys="=",
    switches={T.KEY_COLOUR: TYPE},
)

_IGNORE: Final = Language(
    "conf",
    "*.gitignore .gitattributes .dockerignore .npmignore .mailmap CODEOWNERS requirements*.txt .hgignore *.rc crontab",
    (_comment("#", T.AFTER_BLANK), _string('"', 0, CONSTANT)),
    {**_TODO},
)

_MAKE: Final = Language(
    "make",
    "Makefile makefile GNUmakefile *.mk *.mak *.am Makefile.* makefile.*",
    (
        _comment("#", T.CONTINUED),
        Region("\t", "", CONSTANT, T.LINE_START | T.SIGILS | T.CONTINUED),
    ),
    {
        PREPROC | T.FIRST_WORD: "ifeq ifneq ifdef ifndef else endif include sinclude -include",
        STATEMENT | T.FIRST_WORD: "export unexport override define endef vpath",
        **_TODO,
    },
    inside="-.",
    sigils={"$": IDENTIFIER},
    keys=":=",
    switches={
        T.SIGIL_OPEN: 7,
        T.KEY_COLOUR: IDENTIFIER,
        T.KEY_RULE: T.KEY_UNTABBED,
    },
)

_MARKDOWN: Final = Language(
    "markdown",
    "*.md *.markdown *.mdown *.mkd *.mdx",
    (
        Region("```", "```", 0, T.FIRST | T.LINES, mark_colour=PREPROC),
        Region("~~~", "~~~", 0, T.FIRST | T.LINES, mark_colour=PREPROC),
        Region("#", "", PREPROC, T.LINE_START),
        Region(">", "", 0, T.FIRST | T.THEN, mark_colour=COMMENT),
        Region("    ", "", 0, T.LINE_START),
        _block("<!--", "-->"),
        Region("**", "**", STRONG, T.CLOSED),
        Region("__", "__", STRONG, T.CLOSED | T.NOT_IN_WORD),
        Region("*", "*", EMPHASIS, T.CLOSED),
        Region("_", "_", EMPHASIS, T.CLOSED | T.NOT_IN_WORD),
        Region("``", "``", 0, T.CLOSED, mark_colour=PREPROC),
        Region("`", "`", 0, T.CLOSED, mark_colour=PREPROC),
        Region("[", "](", UNDERLINED, T.CLOSED | T.THEN, mark_colour=0),
        Region("", ")", CONSTANT, mark_colour=0),
        Region("- ", "", 0, T.FIRST | T.THEN, mark_colour=STATEMENT),
        Region("+ ", "", 0, T.FIRST | T.THEN, mark_colour=STATEMENT),
        Region("<http", ">", CONSTANT, T.CLOSED),
    ),
    letters="",
)

_VIM: Final = Language(
    "vim",
    "*.vim vimrc .vimrc _vimrc gvimrc .gvimrc *.vader",
    (
        Region('"', "", COMMENT, T.FIRST | T.NOTES),
        Region('"', '"', CONSTANT, T.CLOSED, "\\", CONSTANT),
        _plain("'", T.CLOSED),
    ),
    {
        STATEMENT: """abort autocmd au augroup break call catch command continue echo echomsg echoerr echohl edit
            else elseif endif endfor endfunction endtry endwhile execute exe finally finish for function highlight
            hi if in let const lua map nmap vmap imap nnoremap noremap vnoremap inoremap onoremap xnoremap tnoremap
            cnoremap normal return runtime set setlocal silent source syntax throw try unlet while unmap nunmap
            colorscheme filetype doautocmd wincmd bdelete redraw split vsplit write python py3 delfunction unmenu
            menu""",
        **_TODO,
    },
    inside="#",
    sigils={"&": PREPROC, "$": PREPROC},
    switches={T.NUMBERS: CONSTANT, T.CALLED: IDENTIFIER},
)

_HASKELL: Final = Language(
    "haskell",
    "*.hs *.lhs *.hsc *.hs-boot",
    (
        Region("{-#", "#-}", PREPROC, T.LINES),
        _block("{-", "-}", T.NESTED),
        _comment("--"),
        _string('"', T.CONTINUED),
        _string("'", T.CHARACTER | T.NOT_IN_WORD),
    ),
    {
        PREPROC: "import qualified as hiding",
        STATEMENT: "module where let in case of do if then else infix infixl infixr forall",
        TYPE: "class instance deriving data newtype type family default foreign pattern",
        **_DIRECTIVES,
        **_TODO,
    },
    inside="'",
    marks={STATEMENT: ":|=<>-+*/.$&!^~@%?"},
    directive="#",
    interpreters="runghc runhaskell stack",
    switches={T.NUMBERS: CONSTANT},
)

_PERL: Final = Language(
    "perl",
    "*.pl *.pm *.t *.PL *.pod cpanfile",
    (
        Region("=pod", "=cut", COMMENT, T.LINE_START | T.LINES),
        Region("=head", "=cut", COMMENT, T.LINE_START | T.LINES),
        Region("__END__", "", COMMENT, T.LINE_START),
        _comment("#", T.AFTER_BLANK),
        _string('"', T.LINES | T.SIGILS),
        Region("'", "'", CONSTANT, T.LINES, "\\", CONSTANT),
        Region("/", "/", CONSTANT, T.AFTER_OPERATOR | T.CLOSED, "\\", PREPROC),
        Region("<<", "", CONSTANT, T.HERE | T.HERE_QUOTED | T.SIGILS),
    ),
    {
        STATEMENT: """if elsif unless given when default else while for foreach do until continue defined undef eq
            ne le lt ge gt cmp not and or xor bless ref package return my our local die warn eval print printf say
            open close push pop shift unshift splice keys values each delete exists join split map grep sort reverse
            sprintf substr index length lc uc chomp chop exit next last redo goto tie wantarray scalar chdir mkdir
            rename unlink system exec fork wait sleep time localtime gmtime binmode eof read seek tell truncate""",
        _NAMED: "sub",
        PREPROC: "use no require import BEGIN END",
        **_TODO,
    },
    interpreters="perl",
    sigils={"$": IDENTIFIER, "@": IDENTIFIER, "%": IDENTIFIER},
    switches={T.NUMBERS: CONSTANT, T.SIGIL_OPEN: 5},
)

_DIFF: Final = Language(
    "diff",
    "*.diff *.patch *.rej",
    (
        Region("+++", "", TYPE, T.LINE_START),
        Region("---", "", TYPE, T.LINE_START),
        Region("+", "", IDENTIFIER, T.LINE_START),
        Region("-", "", PREPROC, T.LINE_START),
        Region(">", "", IDENTIFIER, T.LINE_START),
        Region("<", "", PREPROC, T.LINE_START),
        Region("@@", "@@", STATEMENT, T.LINE_START | T.THEN),
        Region("", "", PREPROC),
        Region("diff ", "", TYPE, T.LINE_START),
        Region("index ", "", TYPE, T.LINE_START),
        Region("Index: ", "", TYPE, T.LINE_START),
        Region("Only in ", "", CONSTANT, T.LINE_START),
        Region(" ", "", 0, T.LINE_START),
    ),
)

_COMMIT: Final = Language(
    "gitcommit",
    "COMMIT_EDITMSG MERGE_MSG TAG_EDITMSG",
    (_comment("#", T.LINE_START), Region("", "", STATEMENT, T.SUMMARY)),
    initial=2,
)

_DOCKER: Final = Language(
    "dockerfile",
    "Dockerfile *.dockerfile Dockerfile.* Containerfile",
    (
        _comment("#", T.FIRST),
        _string('"', T.SIGILS, CONSTANT),
        _string("'", T.CLOSED, CONSTANT),
    ),
    {
        STATEMENT
        | T.FIRST_WORD: """from maintainer run cmd label expose env add copy entrypoint volume user workdir arg
            onbuild stopsignal healthcheck shell""",
        **_TODO,
    },
    sigils={"$": PREPROC},
    switches={T.FOLD: 1, T.SIGIL_OPEN: 1},
)

LANGUAGES: Final = (
    _PYTHON, _C, _CPP, _JAVASCRIPT_LANGUAGE, _TYPESCRIPT, _JAVA, _KOTLIN, _CSHARP, _GO, _RUST, _RUBY, _SHELL, _LUA,
    _PHP, _SQL, _HTML, _XML, _CSS, _JSON, _YAML, _TOML, _INI, _IGNORE, _MAKE, _MARKDOWN, _VIM, _HASKELL, _PERL, _DIFF,
    _COMMIT, _DOCKER,
)  # fmt: skip
"""Numbered from 1 in this order; the first whose pattern matches a name is its language."""
