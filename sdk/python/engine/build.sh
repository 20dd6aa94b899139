#!/bin/sh
# build.sh MICROPYTHON OUT - MicroPython (its unpacked source, of Debian's source package) and the glue
# beside this file as one module, by clang and wasi-libc; compiler/rewrite/lower_main.c takes its setjmp away afterwards. Nothing of
# MicroPython is changed but in copies, by edit.py.
set -eu
source=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
sdk=$(cd "$here/../.." && pwd)
clang=${HELIOS_CLANG:-clang}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

core="argcheck bc binary builtinevex builtinimport compile cstack emitbc emitcommon emitglue formatfloat gc lexer
  malloc map modarray modbuiltins modcmath modcollections modio modmath modmicropython modstruct modsys mpprint
  mpz nlr nlrsetjmp obj objarray objattrtuple objbool objboundmeth objcell objclosure objcode objcomplex objdeque
  objdict objenumerate objexcept objfilter objfloat objfun objgenerator objgetitemiter objint objint_mpz objlist
  objmap objmodule objnamedtuple objnone objobject objpolyiter objproperty objrange objreversed objset
  objsingleton objslice objstr objstringio objstrunicode objtuple objtype objzip opmethods parse parsenum parsenumbase
  persistentcode pystack qstr reader runtime runtime_utils scheduler scope sequence smallint stackctrl stream
  unicode vm vstr warning"
glue="stack near where catch sum heap dict engine values double decimal json json_text database host std names"
files= # of MicroPython
for name in $core; do files="$files $source/py/$name.c"; done
for name in modre modbinascii modheapq; do files="$files $source/extmod/$name.c"; done
ours=
for name in $glue; do ours="$ours $here/$name.c"; done

# Tables that MicroPython's own scripts make of all sources.
words="-I$here -I$source -I$work -I$sdk/../rt-sandbox -DNDEBUG"
tables() {
  mkdir "$work/genhdr"
  cd "$work"
  # shellcheck disable=SC2086
  {
    python3 "$source/py/makeversionhdr.py" genhdr/mpversion.h 2>/dev/null
    python3 "$source/py/makeqstrdefs.py" pp "$clang" -E output genhdr/all cflags --target=wasm32-wasi -DNO_QSTR $words -I$sdk/c \
      cxxflags sources $files $ours dependencies changed_sources $files $ours
    for kind in qstr module root_pointer; do
      python3 "$source/py/makeqstrdefs.py" split $kind genhdr/all "genhdr/$kind" _
      python3 "$source/py/makeqstrdefs.py" cat $kind _ "genhdr/$kind" "genhdr/$kind.collected"
    done
  } >/dev/null
  python3 "$source/py/makemoduledefs.py" genhdr/module.collected >genhdr/moduledefs.h
  python3 "$source/py/make_root_pointers.py" genhdr/root_pointer.collected >genhdr/root_pointers.h
  # shellcheck disable=SC2086
  cat "$source/py/qstrdefs.h" genhdr/qstr.collected | sed 's/^Q(.*)/"&"/' |
    "$clang" -E --target=wasm32-wasi -DNO_QSTR $words - | sed 's/^"\(Q(.*)\)"/\1/' >genhdr/names
  python3 "$source/py/makeqstrdata.py" genhdr/names >genhdr/qstrdefs.generated.h
  python3 -B "$here/edit.py" "$source" "$work"
  cd "$here"
}

tables
# All but what stands near the stack (stack.c) and catches is optimised as a whole by the linker: for speed what calls and loops
# spend their time in, the rest for size.
whole="vm runtime sum heap dict engine values json json_text database objfun bc objgenerator obj objfloat objlist names double malloc
  argcheck qstr objdict nlr nlrsetjmp objstr objstrunicode mpz map sequence smallint unicode vstr objtuple objset parsenum"
kind() {
  case " $(echo $whole) " in *" $1 "*) echo "-flto" ;; *)
    case $1 in stack | setjmp | near | catch) ;; *) echo "-flto -Os" ;; esac ;;
  esac
}

flags="-std=gnu11 $words -fno-ident -ffunction-sections -fdata-sections"
wasm="--target=wasm32-wasi -O2 -mbulk-memory -msign-ext -mnontrapping-fptoint -I$sdk/c -mllvm -enable-emscripten-sjlj"
warn="-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers"
: >"$work/todo"
for file in $files $ours "$sdk/c/setjmp.c"; do
  name=$(basename "$file" .c) warnings=-w
  case $file in "$here"/*) warnings=$warn ;; esac
  [ -f "$work/edited_$name.c" ] && file=$work/edited_$name.c
  echo "$wasm $flags $(kind "$name") $warnings -c $file -o $work/$name.o" >>"$work/todo"
done
xargs -P2 -L1 "$clang" <"$work/todo"
builtins=$(find "$(dirname "$("$clang" --print-resource-dir)")" -name 'libclang_rt.builtins-wasm32.a' | head -n 1)
# shellcheck disable=SC2086
near="$work/stack.o $work/setjmp.o $work/near.o" far= # stack.c
for file in "$work"/*.o; do
  case " $near " in *" $file "*) ;; *) far="$far $file" ;; esac
done
# shellcheck disable=SC2086
${HELIOS_WASM_LD:-wasm-ld} -mllvm -enable-emscripten-sjlj --lto-O2 --no-entry --stack-first -z stack-size=65536 --gc-sections --strip-debug --export-table \
  -Map="$work/map" -o "$work/raw.wasm" $near $far "$("$clang" --target=wasm32-wasi -print-file-name=libc.a)" $builtins
order=$(grep -oE '(hp_call_stack|__THREW__|mp_state_ctx|hp_outermost|hp_names_settled|hp_nursery|hp_pystack)$' "$work/map" | uniq | tr '\n' ' ')
[ "$order" = "hp_call_stack __THREW__ mp_state_ctx hp_outermost hp_names_settled hp_nursery hp_pystack " ] || { echo "build.sh: memory in another order: $order" >&2; exit 1; }
mv "$work/raw.wasm" "$out"
