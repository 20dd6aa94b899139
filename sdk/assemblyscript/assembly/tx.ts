// tx.ts - transactions: savepoints within the caller's own. What is open when the call ends, or fails, is undone.

import * as abi from "./abi";
import { check, keep } from "./errors";
import { encode } from "./text";

export function begin(): void {
  check(abi.begin());
}

// False: the host refuses it; lastStatus and lastMessage say why.
export function tryBegin(): bool {
  return keep(abi.begin()) >= 0;
}

export function commit(): void {
  check(abi.commit());
}

export function tryCommit(): bool {
  return keep(abi.commit()) >= 0;
}

export function rollback(): void {
  check(abi.rollback());
}

export function savepoint(name: string): void {
  const text = encode(name);
  check(abi.savepoint(changetype<usize>(text), text.byteLength));
}

export function release(name: string): void {
  const text = encode(name);
  check(abi.release(changetype<usize>(text), text.byteLength));
}

export function rollbackTo(name: string): void {
  const text = encode(name);
  check(abi.rollback_to(changetype<usize>(text), text.byteLength));
}

// Runs work in a transaction of its own: kept if it gives true, else undone. Functions see no variables around
// them here, so what it needs comes as `argument`.
export function transaction<T>(argument: T, work: (argument: T) => bool): bool {
  begin();
  const good = work(argument);
  if (good) {
    commit();
  } else {
    rollback();
  }
  return good;
}
