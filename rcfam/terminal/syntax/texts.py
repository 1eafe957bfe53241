"""What the lexer knows of markup, data and settings."""

from typing import Final

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
from rcfam.terminal.syntax import rules as T
from rcfam.terminal.syntax.common import TODO, block, comment, plain, string
from rcfam.terminal.syntax.rules import Language, Region

_ENTITY: Final = Region("&", ";", PREPROC, T.CLOSED)

HTML: Final = Language(
    "html",
    "*.html *.htm *.xhtml *.vue *.svelte *.ejs *.hbs *.mustache *.j2 *.jinja *.jinja2 *.erb *.tmpl",
    (
        block("<!--", "-->"),
        Region("<!", ">", COMMENT, T.LINES),
        Region("</", ">", IDENTIFIER, T.LINES | T.TAG, escape_colour=STATEMENT),
        Region("<", ">", IDENTIFIER, T.LINES | T.TAG, escape_colour=STATEMENT),
        _ENTITY,
    ),
    {**TODO},
    inside="-",
)


XML: Final = Language(
    "xml",
    "*.xml *.xsd *.xsl *.xslt *.svg *.plist *.pom *.csproj *.props *.targets *.iml *.rss *.atom *.wsdl *.ui *.natvis"
    " *.xcscheme *.storyboard",
    (
        block("<!--", "-->"),
        Region("<![CDATA[", "]]>", CONSTANT, T.LINES),
        Region("<!", ">", TYPE, T.LINES),
        Region("<?", "?>", TYPE, T.LINES),
        Region("</", ">", IDENTIFIER, T.LINES),
        Region("<", ">", IDENTIFIER, T.LINES | T.TAG),
        _ENTITY,
    ),
    {**TODO},
    inside="-:.",
)


CSS: Final = Language(
    "css",
    "*.css *.scss *.sass *.less",
    (block("/*", "*/"), comment("//", T.FIRST), string('"', 0, CONSTANT), string("'", 0, CONSTANT)),
    {
        STATEMENT: """a abbr article aside audio b blockquote body button canvas caption code col dd details div dl
            dt em embed fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img
            input label legend li link main mark nav ol optgroup option p picture pre q s samp script section select
            small source span strong style sub summary sup svg table tbody td textarea tfoot th thead time title tr
            u ul video""",
        **TODO,
    },
    letters="_-",
    sigils={".": IDENTIFIER, "#": IDENTIFIER, "@": PREPROC, "$": IDENTIFIER, ":": PREPROC},
    marks={IDENTIFIER: "{}", PREPROC: ",>"},
    switches={T.NUMBERS: CONSTANT, T.LABELLED: TYPE, T.VALUES: CONSTANT},
)


JSON: Final = Language(
    "json",
    "*.json *.jsonc *.json5 *.webmanifest *.ipynb *.jsonl *.geojson .babelrc .eslintrc .prettierrc .jshintrc .jscsrc"
    " composer.lock Pipfile.lock",
    (comment("//"), block("/*", "*/"), Region('"', '"', CONSTANT, T.KEYED, "\\", PREPROC, 0)),
    {CONSTANT: "true false", IDENTIFIER: "null"},
    marks={PREPROC: "{}[]"},
    switches={T.NUMBERS: CONSTANT},
)


YAML: Final = Language(
    "yaml",
    "*.yaml *.yml .clang-format .clang-tidy *.cff pixi.lock dvc.lock *.dvc",
    (
        comment("#", T.AFTER_BLANK),
        Region("---", "", PREPROC, T.LINE_START),
        Region("...", "", PREPROC, T.LINE_START),
        Region('"', '"', CONSTANT, T.LINES, "\\", PREPROC),
        Region("'", "'", CONSTANT, T.LINES | T.DOUBLED),
    ),
    {
        CONSTANT: """true false null True False Null TRUE FALSE NULL yes no on off Yes No On Off YES NO ON OFF ~""",
        **TODO,
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


TOML: Final = Language(
    "toml",
    "*.toml Cargo.lock poetry.lock uv.lock Pipfile Gopkg.lock",
    (
        comment("#"),
        Region("[", "]", PREPROC, T.FIRST | T.LINE_START),
        Region('"""', '"""', CONSTANT, T.LINES, "\\", PREPROC),
        Region("'''", "'''", CONSTANT, T.LINES),
        Region('"', '"', CONSTANT, 0, "\\", PREPROC),
        plain("'"),
    ),
    {CONSTANT: "true false inf nan", **TODO},
    inside="-:",
    keys="=",
    switches={T.NUMBERS: CONSTANT, T.KEY_COLOUR: IDENTIFIER},
)


INI: Final = Language(
    "ini",
    "*.ini *.cfg *.cnf *.conf *.properties *.service *.desktop .editorconfig .gitconfig .gitmodules .pylintrc .flake8"
    " .coveragerc .npmrc setup.cfg",
    (
        comment("#", T.FIRST),
        comment(";", T.FIRST),
        Region("[", "]", PREPROC, T.FIRST),
        plain('"'),
    ),
    {**TODO},
    inside="-.",
    keys="=",
    switches={T.KEY_COLOUR: TYPE},
)


IGNORE: Final = Language(
    "conf",
    "*.gitignore .gitattributes .dockerignore .npmignore .mailmap CODEOWNERS requirements*.txt .hgignore *.rc crontab",
    (comment("#", T.AFTER_BLANK), string('"', 0, CONSTANT)),
    {**TODO},
)


MAKE: Final = Language(
    "make",
    "Makefile makefile GNUmakefile *.mk *.mak *.am Makefile.* makefile.*",
    (
        comment("#", T.CONTINUED),
        Region("\t", "", CONSTANT, T.LINE_START | T.SIGILS | T.CONTINUED),
    ),
    {
        PREPROC | T.FIRST_WORD: "ifeq ifneq ifdef ifndef else endif include sinclude -include",
        STATEMENT | T.FIRST_WORD: "export unexport override define endef vpath",
        **TODO,
    },
    inside="-.",
    sigils={"$": IDENTIFIER},
    keys=":=",
    switches={
        T.SIGIL_OPEN: T.SIGIL_BRACES | T.SIGIL_PARENS | T.SIGIL_SPECIAL,
        T.KEY_COLOUR: IDENTIFIER,
        T.KEY_RULE: T.KEY_UNTABBED,
    },
)


MARKDOWN: Final = Language(
    "markdown",
    "*.md *.markdown *.mdown *.mkd *.mdx",
    (
        Region("```", "```", 0, T.FIRST | T.LINES, mark_colour=PREPROC),
        Region("~~~", "~~~", 0, T.FIRST | T.LINES, mark_colour=PREPROC),
        Region("#", "", PREPROC, T.LINE_START),
        Region(">", "", 0, T.FIRST | T.ALONE, mark_colour=COMMENT),
        Region("    ", "", 0, T.LINE_START),
        block("<!--", "-->"),
        Region("**", "**", STRONG, T.CLOSED),
        Region("__", "__", STRONG, T.CLOSED | T.NOT_IN_WORD),
        Region("*", "*", EMPHASIS, T.CLOSED),
        Region("_", "_", EMPHASIS, T.CLOSED | T.NOT_IN_WORD),
        Region("``", "``", 0, T.CLOSED, mark_colour=PREPROC),
        Region("`", "`", 0, T.CLOSED, mark_colour=PREPROC),
        Region("[", "](", UNDERLINED, T.CLOSED | T.THEN, mark_colour=0),
        Region("", ")", CONSTANT, mark_colour=0),
        Region("- ", "", 0, T.FIRST | T.ALONE, mark_colour=STATEMENT),
        Region("+ ", "", 0, T.FIRST | T.ALONE, mark_colour=STATEMENT),
        Region("* ", "", 0, T.FIRST | T.ALONE, mark_colour=STATEMENT),
        Region("<http", ">", CONSTANT, T.CLOSED),
    ),
    letters="",
)


DIFF: Final = Language(
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


COMMIT: Final = Language(
    "gitcommit",
    "COMMIT_EDITMSG MERGE_MSG TAG_EDITMSG",
    (comment("#", T.LINE_START), Region("", "", STATEMENT, T.SUMMARY)),
    initial=2,
)


DOCKER: Final = Language(
    "dockerfile",
    "Dockerfile *.dockerfile Dockerfile.* Containerfile",
    (
        comment("#", T.FIRST),
        string('"', T.SIGILS, CONSTANT),
        string("'", T.CLOSED, CONSTANT),
    ),
    {
        STATEMENT
        | T.FIRST_WORD: """from maintainer run cmd label expose env add copy entrypoint volume user workdir arg
            onbuild stopsignal healthcheck shell""",
        **TODO,
    },
    sigils={"$": PREPROC},
    switches={T.FOLD: 1, T.SIGIL_OPEN: T.SIGIL_BRACES},
)
