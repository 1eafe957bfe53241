"""Our shell beside real bash: the same keys give the same screen, cursor and files."""

import shutil
import time
from pathlib import Path

import pytest

from rcfam.terminal import Terminal
from rcfam.terminal.files import Entry
from tests.support.bash_in_tmux import Bash, Screen, alike
from tests.support.terminal_screens import cursor, rows, spelled

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (shutil.which("bash") and shutil.which("tmux") and shutil.which("git")),
        reason="bash, tmux and git are not all installed",
    ),
]

# A case is typed into a fresh shell line by line; screens are compared after each. A line ends in Enter, or with a
# backslash that is not typed; `@48x160` sets the size.
CASES = {
    "files": r"""
mkdir -p a/b
touch a/b/c x.txt
ls
ls a
ls -a
chmod +x a/b/c
cp a/b/c d
mv d e
mv e a
rm x.txt
ls -1 a
rmdir a
rm -r a
""",
    "echo": r"""
echo hi there
echo "a  b" 'c  d' e\ f
echo -n x
echo
echo "it's" 'say "x"' "q\"q" "\a\\b\$c"
echo a#b #c
echo a;echo b
false && echo no
true && echo yes ; echo end
echo a > f; echo b >> f; cat f
> empty
cat empty
echo x>g
cat g f
""",
    "directories": r"""
cd nowhere
cd a b
mkdir d
cd d
cd
cd d/
touch f
cd f
cd ../d
cat nothing
cat d
cat d/f/x
rm d
rm nothing
rm
rm -x
mkdir d
mkdir a/b
mkdir
mkdir -z
""",
    "errors": r"""
rmdir x
mkdir -p e/f
rmdir e
rmdir e/f e
touch a
mkdir -p a/b
mkdir a
touch no/x
touch
cp a
cp
mv a
mv
mv x y
mv a no/b
cp x y
cp a no/b
cp a a
mv a a
mkdir d
cp d e
cp -r d e
mv d d
mv a b/
""",
    "sources and targets": r"""
touch a b
mkdir d
mv a b d
mv x y d
mv d/a d/b nodir
cp d/a d/b nodir
cp d/a d/b d/c
ls d/a d nothing
ls nothing
ls d/ d
""",
    "links": r"""
ln -s a l
ln -s a l
ln -sf b l
ls
ln
ln -s
ln a b
cat l
mkdir d
ln -s ../x d/l
ls d
ln -s t d
ls d
ln -sfn t d
cd l
rm l
ls -l nothing
chmod +x no
chmod
chmod +x
chmod abc d
""",
    "wrong commands": r"""
frobnicate
./run
/bin/nothing
a/b/c
echo )
;
&&
echo a &&
echo b
echo a ; ; echo b
> 
echo a >
echo > a > b
ls
""",
    "odd names": r"""
touch "a b" "it's" 'x"y' plain -- '-d' 'a$b' 'tab	x' 漢字 é
ls
ls -1
rm -- -d
rm 'a b'
rm nothing\ here
cat 'no such'
cd 'no where'
mkdir 'a b'
mkdir 'a b'
""",
    "columns": r"""
touch aaaaaaaa bbbbbbbb ccccccccc dddddddd eeeeeeee ffffffffff ggg hhh iiiiiiii jjjjjjjjj kkkkkkkkk lllllll mmm nnn
ls
touch a_very_long_name_that_takes_much_of_the_row_so_that_there_are_fewer_columns
ls
touch A B C Z a1 a2 a3 a4 a5 a6 .hidden
ls
ls -a
ls -A
""",
    "wide columns": r"""
@48x160
touch aaaaaaaa bbbbbbbb ccccccccc dddddddd eeeeeeee ffffffffff ggg hhh iiiiiiii jjjjjjjjj kkkkkkkkk lllllll mmm nnn
ls
mkdir dir
touch dir/x
ls -F
echo aaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
ls
""",  # noqa: E501
    "line editing": r"""
echo one\
<C-a>\
<Right><Right>\
XY\
<C-e>z\
<C-w>\
two three\
<Left><Left><BS><Del>\
<C-k>\
<C-y>\
<C-u>\
<C-y><C-y>\
<CR>\
<Up>\
<Up>\
<Down>\
<Home>x<End>y\
<C-c>\
abc<C-d><Left><C-d>\
<C-l>\
<C-h><C-h><C-h><C-h>\
q<C-t>\
ab<C-t>\
<C-v><Tab>x\
<C-v><Esc>y\
""",
    "long lines": r"""
echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
<C-a>\
<Right>\
<C-e>\
<Left>\
<BS><BS>\
<CR>\
<Up>\
<C-u>\
12345678901234567890123456789012345678901234567890123456789012\
x\
<BS>\
<CR>\
echo '漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字'\
<Left><Left>\
<BS>\
<CR>\
""",
    "open lines": r"""
echo 'a
b' c
echo "x
y
z"
echo a \
b
echo a\\
b
echo a &&
echo b
<Up>\
<C-c>\
echo 'open
more\
<C-c>\
echo fine
""",
    "history": r"""
history
echo a
history
 echo spaced
history
echo a
history
<Up><Up><Up><Up><Up><Up><Up><Up><Up><Up>\
<Down><Down><Down><Down><Down><Down><Down><Down><Down><Down>\
<C-c>\
""",
    "interrupt": r"""
echo hello world<Left><Left><Left>\
<C-c>\
echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa<C-a>\
<C-c>\
ok
""",
    "git status": r"""
git status
touch a
git status
git add a
git status
git commit -m first
git status
echo x > a
mkdir d
touch d/b c
git status
git status -s
git add -A
git status
git status -s
git commit -m "second commit"
git mv a e
git status
git rm c
git commit -a -m third
git commit --amend --no-edit
git commit -m nothing
""",
    "git errors": r"""
git add
git add nothing
git rm nothing
git mv a b
git frob
git commit
touch a
git commit -m x
git add a
git rm a
git rm -f a
git commit --allow-empty -m "Begun"
git commit -m
git log --oneline
touch x y
git add .
git commit -a --amend --no-edit
git mv x y
git mv x d/x
git diff
""",
    "renames": r"""
chmod +x f
echo a > f
git add f
git commit -m a
chmod +x f
git commit -a -m exec
git mv f g
git commit -m moved
mkdir p
git mv g p
git commit -m 'into p'
git rm -r p
git commit -m gone
ln -s t l
git add -A
git commit -m link
""",
    "renames with edits": r"""
mkdir -p src/a; echo one > src/a/f; echo two >> src/a/f; echo three >> src/a/f; echo four >> src/a/f
touch src/a/keep src/keep
git add -A; git commit -q -m start
git mv src/a/f src/g
git status
echo five >> src/g
git commit -a -m 'moved and edited'
ls src
git mv src/g g
mkdir solo; touch solo/f; git add -A; git mv solo/f f2
ls; rmdir solo; ls
echo six > new; rm g; echo one > g; echo other things >> g
git add -A
git commit -m 'not the same'
git mv new h; git mv g k
git commit -m 'two moved'
""",
}


_SETTLE_S = 0.2


def both(ours: Terminal) -> Screen:
    return [alike(row) for row in rows(ours)[:-1]], cursor(ours)


def tree(terminal: Terminal) -> dict[str, Entry]:
    """The virtual files, and `name/` for each empty directory."""
    found = dict(terminal.files)
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        names = terminal.files.listing(folder)
        if folder and not names:
            found[f"{folder}/"] = Entry(0, b"")
        paths = [f"{folder}/{name}" if folder else name for name in names]
        waiting += [path for path in paths if terminal.files.is_directory(path)]
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_same_lines_show_what_bash_shows(name: str, tmp_path: Path) -> None:
    lines = CASES[name].strip("\n").split("\n")
    size = (24, 80)
    if lines[0].startswith("@"):
        height, width = lines.pop(0)[1:].split("x")
        size = int(height), int(width)
    ours = Terminal(*size)
    with Bash(tmp_path, *size) as bash:
        for number, line in enumerate(lines):
            codes = spelled(line[:-1] if line.endswith("\\") else line + "<CR>")
            if line.startswith("<C-c>"):
                time.sleep(_SETTLE_S)  # an interrupt throws away what bash has not read yet
            ours.press(codes)
            bash.press(codes)
            if line.startswith("<C-c>"):
                time.sleep(_SETTLE_S)
            wanted = both(ours)
            assert bash.comes_to_show(wanted) == wanted, f"{line} after {lines[:number]}"
        assert bash.files() == tree(ours)
