// text.ts - between strings, which are UTF-16, and the host's text, which is UTF-8. Strict both ways: bytes
// that are no UTF-8, and half a surrogate pair, are errors and never replaced.

import { stop } from "./errors";

// Bytes of the character that begins at p, or 0: it is no UTF-8.
function characterSize(p: usize, end: usize): usize {
  const first: u32 = load<u8>(p);
  const size: usize = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (size == 0 || size > end - p) {
    return 0;
  }
  // the second byte says whether it is overlong, half a pair, or beyond the last character
  const second: u32 = load<u8>(p, 1);
  const least: u32 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const most: u32 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) {
    return 0;
  }
  for (let i: usize = 2; i < size; i++) {
    if ((load<u8>(p + i) & 0xc0) != 0x80) {
      return 0;
    }
  }
  return size;
}

// UTF-16 units of n bytes, or -1: they are no UTF-8.
export function decodedLength(p: usize, n: usize): isize {
  const end = p + n;
  let units: isize = 0;
  while (p < end) {
    if (ASC_FEATURE_SIMD && end - p >= 16 && i8x16.bitmask(v128.load(p)) == 0) {
      p += 16;
      units += 16;
    } else if (end - p >= 8 && (load<u64>(p) & 0x8080808080808080) == 0) {
      p += 8;
      units += 8;
    } else if (load<u8>(p) < 0x80) {
      p++;
      units++;
    } else {
      const size = characterSize(p, end);
      if (size == 0) {
        return -1;
      }
      p += size;
      units += size == 4 ? 2 : 1;
    }
  }
  return units;
}

// Four bytes as four units.
@inline
function widen(four: u64): u64 {
  four = (four | (four << 16)) & 0x0000ffff0000ffff;
  return (four | (four << 8)) & 0x00ff00ff00ff00ff;
}

// Writes the units of n bytes of good UTF-8 to out.
function decodeInto(out: usize, p: usize, n: usize): void {
  const end = p + n;
  while (p < end) {
    if (ASC_FEATURE_SIMD && end - p >= 16) {
      const sixteen = v128.load(p);
      if (i8x16.bitmask(sixteen) == 0) {
        v128.store(out, i16x8.extend_low_i8x16_u(sixteen));
        v128.store(out, i16x8.extend_high_i8x16_u(sixteen), 16);
        p += 16;
        out += 32;
        continue;
      }
    }
    if (end - p >= 8) {
      const eight = load<u64>(p);
      if ((eight & 0x8080808080808080) == 0) {
        store<u64>(out, widen(eight & 0xffffffff));
        store<u64>(out, widen(eight >> 32), 8);
        p += 8;
        out += 16;
        continue;
      }
    }
    let c: u32 = load<u8>(p++);
    if (c >= 0xf0) {
      c = ((c & 7) << 18) | ((<u32>load<u8>(p) & 63) << 12) | ((<u32>load<u8>(p, 1) & 63) << 6) | (<u32>load<u8>(p, 2) & 63);
      p += 3;
      c -= 0x10000;
      store<u32>(out, (0xd800 | (c >> 10)) | ((0xdc00 | (c & 0x3ff)) << 16));
      out += 4;
      continue;
    }
    if (c >= 0xe0) {
      c = ((c & 15) << 12) | ((<u32>load<u8>(p) & 63) << 6) | (<u32>load<u8>(p, 1) & 63);
      p += 2;
    } else if (c >= 0x80) {
      c = ((c & 31) << 6) | (<u32>load<u8>(p++) & 63);
    }
    store<u16>(out, <u16>c);
    out += 2;
  }
}

// The string of n bytes; null: they are no UTF-8.
export function decodeAt(p: usize, n: usize): string | null {
  const units = decodedLength(p, n);
  if (units < 0) {
    return null;
  }
  const out = changetype<string>(__new(<usize>units << 1, idof<string>()));
  decodeInto(changetype<usize>(out), p, n);
  return out;
}

// UTF-8 bytes of n units, or -1: there is half a surrogate pair.
export function encodedLength(p: usize, n: isize): isize {
  const end = p + (<usize>n << 1);
  let bytes: isize = 0;
  while (p < end) {
    if (ASC_FEATURE_SIMD && end - p >= 16 && !v128.any_true(v128.and(v128.load(p), i16x8.splat(<i16>0xff80)))) {
      p += 16;
      bytes += 8;
      continue;
    }
    if (end - p >= 8 && (load<u64>(p) & 0xff80ff80ff80ff80) == 0) {
      p += 8;
      bytes += 4;
      continue;
    }
    const c: u32 = load<u16>(p);
    p += 2;
    if ((c & 0xf800) != 0xd800) {
      bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
    } else if (c < 0xdc00 && p < end && (load<u16>(p) & 0xfc00) == 0xdc00) {
      p += 2;
      bytes += 4;
    } else {
      return -1;
    }
  }
  return bytes;
}

// Writes the bytes of n good units to out; where they end.
export function encodeInto(out: usize, p: usize, n: isize): usize {
  const end = p + (<usize>n << 1);
  while (p < end) {
    if (ASC_FEATURE_SIMD && end - p >= 16) {
      const eight = v128.load(p);
      if (!v128.any_true(v128.and(eight, i16x8.splat(<i16>0xff80)))) {
        store<u64>(out, i64x2.extract_lane(i8x16.narrow_i16x8_u(eight, eight), 0));
        p += 16;
        out += 8;
        continue;
      }
    }
    if (end - p >= 8) {
      const four = load<u64>(p);
      if ((four & 0xff80ff80ff80ff80) == 0) {
        const pairs = (four | (four >> 8)) & 0x0000ffff0000ffff;
        store<u32>(out, <u32>(pairs | (pairs >> 16)));
        p += 8;
        out += 4;
        continue;
      }
    }
    let c: u32 = load<u16>(p);
    p += 2;
    if (c < 0x80) {
      store<u8>(out++, <u8>c);
      continue;
    }
    if (c < 0x800) {
      store<u8>(out++, <u8>(0xc0 | (c >> 6)));
    } else if ((c & 0xf800) == 0xd800) {
      c = 0x10000 + ((c & 0x3ff) << 10) + (load<u16>(p) & 0x3ff);
      p += 2;
      store<u8>(out, <u8>(0xf0 | (c >> 18)));
      store<u8>(out, <u8>(0x80 | ((c >> 12) & 63)), 1);
      store<u8>(out, <u8>(0x80 | ((c >> 6) & 63)), 2);
      out += 3;
    } else {
      store<u8>(out, <u8>(0xe0 | (c >> 12)));
      store<u8>(out, <u8>(0x80 | ((c >> 6) & 63)), 1);
      out += 2;
    }
    store<u8>(out++, <u8>(0x80 | (c & 63)));
  }
  return out;
}

// The UTF-8 of a string, for the host; ends the call if there is half a surrogate pair in it.
export function encode(text: string): ArrayBuffer {
  const n = encodedLength(changetype<usize>(text), text.length);
  if (n < 0) {
    stop("a text has half a surrogate pair, which is no character");
  }
  const out = changetype<ArrayBuffer>(__new(<usize>n, idof<ArrayBuffer>()));
  encodeInto(changetype<usize>(out), changetype<usize>(text), text.length);
  return out;
}

// The text of bytes; null: they are no UTF-8.
export function decodeUtf8(bytes: Uint8Array): string | null {
  return decodeAt(bytes.dataStart, bytes.length);
}

export function encodeUtf8(text: string): Uint8Array {
  return Uint8Array.wrap(encode(text));
}
