"""What the lexer knows of C and of languages that look like it."""

from typing import Final

from rcfam.terminal.attributes import CONSTANT, IDENTIFIER, PREPROC, STATEMENT, TYPE
from rcfam.terminal.syntax import rules as T
from rcfam.terminal.syntax.common import DIRECTIVES, NAMED, TODO, block, comment, plain, string
from rcfam.terminal.syntax.rules import Language, Region

_C_COMMENTS: Final = (comment("//", T.CONTINUED), block("/*", "*/"))

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

_C_STRINGS: Final = (string('"', T.FORMATS | T.CONTINUED), string("'", T.CHARACTER))

_JAVASCRIPT_WORDS: Final = {
    STATEMENT: """break case catch continue default delete do else finally for if in instanceof new of return switch
        throw try typeof while with async await class const debugger export extends import static super yield self
        window top parent alert confirm prompt status char double float int long short byte boolean enum final goto
        implements interface native package private protected public synchronized throws transient volatile abstract""",
    TYPE: "Array Boolean Date Function Number Object Proxy RegExp String Symbol",
    IDENTIFIER: "arguments document event function this var let",
    CONSTANT: "null undefined true false",
    **TODO,
}

_REGEX: Final = Region("/", "/", CONSTANT, T.AFTER_OPERATOR | T.CLOSED, "\\", PREPROC)

_TEMPLATE: Final = string("`", T.LINES | T.SIGILS)

C: Final = Language(
    "c",
    "*.c",
    (*_C_COMMENTS, *_C_STRINGS),
    {STATEMENT: _C_STATEMENTS, TYPE: _C_TYPES, CONSTANT: _C_CONSTANTS, **DIRECTIVES, **TODO},
    directive="#",
    switches={T.NUMBERS: CONSTANT},
)


CPP: Final = Language(
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
        **DIRECTIVES,
        **TODO,
    },
    directive="#",
    switches={T.NUMBERS: CONSTANT},
)


JAVASCRIPT: Final = Language(
    "javascript",
    "*.js *.mjs *.cjs *.jsx *.es6 Jakefile",
    (*_C_COMMENTS, string('"', T.CONTINUED), string("'", T.CONTINUED), _TEMPLATE, _REGEX),
    _JAVASCRIPT_WORDS,
    letters="_$",
    interpreters="node nodejs deno bun",
    marks={IDENTIFIER: "{}[]"},
)


TYPESCRIPT: Final = Language(
    "typescript",
    "*.ts *.tsx *.mts *.cts",
    (*_C_COMMENTS, string('"', T.CONTINUED), string("'", T.CONTINUED), _TEMPLATE, _REGEX),
    {
        STATEMENT: """break case catch continue default delete do else finally for if in instanceof new of return
            switch throw try typeof while with keyof is as async await yield satisfies infer""",
        TYPE: """any bigint boolean never number object string symbol unknown void type interface enum declare
            abstract class extends implements namespace module readonly unique""",
        IDENTIFIER: "arguments this function var let const constructor get set super",
        CONSTANT: "null undefined true false",
        PREPROC: "import export from public private protected static override debugger",
        **TODO,
    },
    letters="_$",
    marks={IDENTIFIER: "{}"},
    switches={T.NUMBERS: CONSTANT, T.DOTTED: 1},
)


JAVA: Final = Language(
    "java",
    "*.java *.jav",
    (
        Region('"""', '"""', CONSTANT, T.LINES, "\\", PREPROC),
        *_C_COMMENTS,
        string('"'),
        string("'", T.CHARACTER),
    ),
    {
        STATEMENT: """if else switch while for do return break continue case default throw try catch finally new
            instanceof goto assert synchronized yield""",
        TYPE: """boolean char byte short int long void float double static transient volatile final strictfp
            serializable public private protected abstract native class interface enum extends implements throws
            record sealed permits module open requires exports opens to uses provides with var""",
        CONSTANT: "true false null this super",
        PREPROC: "import package",
        **TODO,
    },
    letters="_$",
    sigils={"@": PREPROC},
    switches={T.NUMBERS: CONSTANT},
)


KOTLIN: Final = Language(
    "kotlin",
    "*.kt *.kts",
    (
        Region('"""', '"""', CONSTANT, T.LINES | T.SIGILS),
        comment("//"),
        block("/*", "*/", T.NESTED),
        string('"', T.SIGILS),
        string("'", T.CHARACTER),
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
        **TODO,
    },
    sigils={"@": PREPROC, "$": PREPROC},
    switches={T.NUMBERS: CONSTANT, T.DOTTED: 1, T.SIGIL_OPEN: T.SIGIL_BRACES},
)


CSHARP: Final = Language(
    "cs",
    "*.cs *.csx",
    (
        Region('@"', '"', CONSTANT, T.LINES | T.DOUBLED),
        *_C_COMMENTS,
        string('"'),
        string("'", T.CHARACTER),
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
        **TODO,
    },
    letters="_@",
    directive="#",
    switches={T.NUMBERS: CONSTANT},
)


GO: Final = Language(
    "go",
    "*.go",
    (*_C_COMMENTS, string('"', T.FORMATS), string("'", T.CHARACTER), plain("`", T.LINES)),
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


RUST: Final = Language(
    "rust",
    "*.rs",
    (
        Region("/**", "*/", PREPROC, T.LINES | T.NOTES),
        Region("/*!", "*/", PREPROC, T.LINES | T.NOTES),
        Region("///", "", PREPROC, T.NOTES),
        Region("//!", "", PREPROC, T.NOTES),
        comment("//"),
        block("/*", "*/", T.NESTED),
        Region("#![", "]", PREPROC, T.LINES),
        Region("#[", "]", PREPROC, T.LINES),
        Region('r##"', '"##', CONSTANT, T.LINES | T.NOT_IN_WORD),
        Region('r#"', '"#', CONSTANT, T.LINES | T.NOT_IN_WORD),
        Region('r"', '"', CONSTANT, T.LINES | T.NOT_IN_WORD),
        Region('br"', '"', CONSTANT, T.LINES | T.NOT_IN_WORD),
        Region('b"', '"', CONSTANT, T.LINES | T.NOT_IN_WORD, "\\", PREPROC),
        Region("b'", "'", CONSTANT, T.NOT_IN_WORD, "\\", PREPROC),
        string('"', T.LINES),
        string("'", T.CHARACTER),
    ),
    {
        STATEMENT: """as break continue else for if in loop match return while impl let pub type use where async
            await dyn macro yield crate super""",
        NAMED: "fn struct enum trait union",
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
