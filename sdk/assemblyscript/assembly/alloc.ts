// alloc.ts - memory for objects: the first 64 KiB of an instance are taken one behind the other, which costs next to
// nothing and writes few pages that a reset must copy back; what comes after is the standard library's allocator's,
// and both are the collector's. Where state lives for a call, most calls need no more than that front.
//
// The front is static memory, below the heap: the collector and the allocator know that such objects are not freed.

const FRONT: usize = 65536;
const HEADER: usize = 4; // a block's size, right before what it holds (rt/common.ts)
const ALIGN: usize = 15;
const front: usize = memory.data(65536, 16);
// @ts-ignore: decorator
@lazy
let at: usize = front + ALIGN + 1;

// The transform has called the library's own __helios_alloc.
// @ts-ignore: decorator
@global @unsafe
export function __alloc(size: usize): usize {
  const p = at;
  if (size >= FRONT || size + HEADER + ALIGN > front + FRONT - p) {
    return __helios_alloc(size);
  }
  const block = (size + HEADER + ALIGN) & ~ALIGN;
  store<usize>(p - HEADER, block - HEADER);
  at = p + block;
  return p;
}
