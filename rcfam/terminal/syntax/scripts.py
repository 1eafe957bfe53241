"""What the lexer knows of the other programming languages."""

from typing import Final

from rcfam.terminal.attributes import COMMENT, CONSTANT, IDENTIFIER, PREPROC, STATEMENT, TYPE
from rcfam.terminal.syntax import rules as T
from rcfam.terminal.syntax.common import DIRECTIVES, NAMED, SHELL_COMMENT, TODO, block, comment, plain, string
from rcfam.terminal.syntax.rules import Language, Region

PYTHON: Final = Language(
    "python",
    "*.py *.pyi *.pyw *.bzl *.ptl SConstruct SConscript BUILD WORKSPACE wscript",
    (
        Region('"""', '"""', CONSTANT, T.LINES, "\\", PREPROC),
        Region("'''", "'''", CONSTANT, T.LINES, "\\", PREPROC),
        string('"', T.CONTINUED),
        string("'", T.CONTINUED),
        Region('r"""', '"""', CONSTANT, T.LINES, "\\"),
        Region("r'''", "'''", CONSTANT, T.LINES, "\\"),
        Region('r"', '"', CONSTANT, T.CONTINUED, "\\"),
        Region("r'", "'", CONSTANT, T.CONTINUED, "\\"),
        comment("#"),
    ),
    {
        STATEMENT: """as assert break continue del exec global lambda nonlocal pass print return with yield elif
            else if for while and in is not or except finally raise try async await case match""",
        NAMED: "def class",
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


RUBY: Final = Language(
    "ruby",
    "*.rb *.rbw *.gemspec *.rake *.ru *.podspec Gemfile Rakefile Vagrantfile Guardfile Podfile Fastfile Brewfile"
    " config.ru",
    (
        Region("=begin", "=end", COMMENT, T.LINE_START | T.LINES),
        comment("#"),
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
        **TODO,
    },
    inside="?!",
    interpreters="ruby rake irb",
    sigils={"@": IDENTIFIER, "$": IDENTIFIER, ":": CONSTANT},
    switches={T.NUMBERS: CONSTANT, T.DOTTED: 1, T.CAPITAL: TYPE, T.LABELLED: CONSTANT, T.SIGIL_OPEN: T.SIGIL_SPECIAL},
)


SHELL: Final = Language(
    "sh",
    "*.sh *.bash *.zsh *.ksh *.bats *.ebuild .bashrc .bash_profile .bash_logout .profile .zshrc .zshenv bashrc PKGBUILD"
    " *.env .envrc",
    (
        SHELL_COMMENT,
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
        **TODO,
    },
    inside="-",
    interpreters="sh bash dash ksh zsh ash bats",
    sigils={"$": PREPROC, "-": PREPROC},
    marks={PREPROC: "[]", IDENTIFIER: "{}", STATEMENT: ";|&<>"},
    switches={
        T.NUMBERS: CONSTANT,
        T.SIGIL_OPEN: T.SIGIL_BRACES | T.SIGIL_SPECIAL,
        T.CALLED: IDENTIFIER,
        T.ASSIGNED: IDENTIFIER,
    },
)


LUA: Final = Language(
    "lua",
    "*.lua *.rockspec .luacheckrc",
    (
        Region("--[[", "]]", COMMENT, T.LINES | T.NOTES),
        Region("--[=[", "]=]", COMMENT, T.LINES | T.NOTES),
        Region("--[==[", "]==]", COMMENT, T.LINES | T.NOTES),
        comment("--"),
        Region("[[", "]]", CONSTANT, T.LINES),
        Region("[=[", "]=]", CONSTANT, T.LINES),
        Region("[==[", "]==]", CONSTANT, T.LINES),
        string('"', T.CONTINUED),
        string("'", T.CONTINUED),
    ),
    {
        STATEMENT: "return local break goto for while repeat until do if then elseif else end in and or not",
        IDENTIFIER: """function assert collectgarbage dofile error next print rawget rawset self setmetatable
            tonumber tostring type _VERSION getmetatable ipairs pairs load loadfile pcall rawequal rawlen require
            select unpack xpcall _G _ENV module math string table io os coroutine debug package utf8 bit32""",
        CONSTANT: "nil true false",
        **TODO,
    },
    interpreters="lua luajit",
    marks={STATEMENT: "=+-*/%^<>~#&|", TYPE: "{}"},
    switches={T.NUMBERS: CONSTANT},
)


PHP: Final = Language(
    "php",
    "*.php *.phtml *.php3 *.php4 *.php5 *.inc",
    (
        Region("<?php", "", PREPROC, T.THEN),
        comment("//"),
        Region("#[", "]", PREPROC),
        comment("#"),
        block("/*", "*/"),
        string('"', T.LINES | T.SIGILS),
        string("'", T.LINES),
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
        **TODO,
    },
    interpreters="php",
    sigils={"$": IDENTIFIER},
    switches={T.NUMBERS: CONSTANT, T.FOLD: 1, T.CALLED: IDENTIFIER, T.SIGIL_OPEN: T.SIGIL_BRACES},
)


SQL: Final = Language(
    "sql",
    "*.sql *.ddl *.psql",
    (
        comment("--"),
        block("/*", "*/"),
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
        **TODO,
    },
    marks={PREPROC: "(),;"},
    switches={T.NUMBERS: CONSTANT, T.FOLD: 1},
)


VIM: Final = Language(
    "vim",
    "*.vim vimrc .vimrc _vimrc gvimrc .gvimrc *.vader",
    (
        Region('"', "", COMMENT, T.FIRST | T.NOTES),
        Region('"', '"', CONSTANT, T.CLOSED, "\\", CONSTANT),
        plain("'", T.CLOSED),
    ),
    {
        STATEMENT: """abort autocmd au augroup break call catch command continue echo echomsg echoerr echohl edit
            else elseif endif endfor endfunction endtry endwhile execute exe finally finish for function highlight
            hi if in let const lua map nmap vmap imap nnoremap noremap vnoremap inoremap onoremap xnoremap tnoremap
            cnoremap normal return runtime set setlocal silent source syntax throw try unlet while unmap nunmap
            colorscheme filetype doautocmd wincmd bdelete redraw split vsplit write python py3 delfunction unmenu
            menu""",
        **TODO,
    },
    inside="#",
    sigils={"&": PREPROC, "$": PREPROC},
    switches={T.NUMBERS: CONSTANT, T.CALLED: IDENTIFIER},
)


HASKELL: Final = Language(
    "haskell",
    "*.hs *.lhs *.hsc *.hs-boot",
    (
        Region("{-#", "#-}", PREPROC, T.LINES),
        block("{-", "-}", T.NESTED),
        comment("--"),
        string('"', T.CONTINUED),
        string("'", T.CHARACTER | T.NOT_IN_WORD),
    ),
    {
        PREPROC: "import qualified as hiding",
        STATEMENT: "module where let in case of do if then else infix infixl infixr forall",
        TYPE: "class instance deriving data newtype type family default foreign pattern",
        **DIRECTIVES,
        **TODO,
    },
    inside="'",
    marks={STATEMENT: ":|=<>-+*/.$&!^~@%?"},
    directive="#",
    interpreters="runghc runhaskell stack",
    switches={T.NUMBERS: CONSTANT},
)


PERL: Final = Language(
    "perl",
    "*.pl *.pm *.t *.PL *.pod cpanfile",
    (
        Region("=pod", "=cut", COMMENT, T.LINE_START | T.LINES),
        Region("=head", "=cut", COMMENT, T.LINE_START | T.LINES),
        Region("__END__", "", COMMENT, T.LINE_START),
        comment("#", T.AFTER_BLANK),
        string('"', T.LINES | T.SIGILS),
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
        NAMED: "sub",
        PREPROC: "use no require import BEGIN END",
        **TODO,
    },
    interpreters="perl",
    sigils={"$": IDENTIFIER, "@": IDENTIFIER, "%": IDENTIFIER},
    switches={T.NUMBERS: CONSTANT, T.SIGIL_OPEN: T.SIGIL_BRACES | T.SIGIL_SPECIAL},
)
