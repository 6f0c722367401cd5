/**
 * What one register of a reference value is tested for. A test that is not in this list does not
 * exist: each of them says in words what it wants, so that a refusal can be read.
 */
import { type Bytes, equalBytes, isZero, toHex } from '../encoding/bytes.ts'

/** One test of one register. */
export interface RegisterTest {
  /** What it wants, for messages. */
  readonly expected: string
  /** The bytes, where exactly one value passes. */
  readonly value?: Bytes
  passes(found: Bytes): boolean
}

/** Exactly these bytes. */
export function equal(value: Bytes): RegisterTest {
  return { expected: toHex(value), value, passes: (found) => equalBytes(found, value) }
}

/** A number of the same size, big-endian, that is this one or greater. */
export function atLeast(minimum: Bytes): RegisterTest {
  return {
    expected: `at least ${toHex(minimum)}`,
    // Digits of equal number compare as the numbers do.
    passes: (found) => found.length === minimum.length && toHex(found) >= toHex(minimum),
  }
}

/** Bytes of the same size, of which only the bits that `mask` sets are compared. */
export function masked(value: Bytes, mask: Bytes): RegisterTest {
  // A mask that is too short leaves nothing out of the comparison.
  const differing = (byte: number, i: number): number => (byte ^ (value[i] ?? 0)) & (mask[i] ?? 0xff)
  return {
    expected: `${toHex(value)} under the mask ${toHex(mask)}`,
    passes: (found) => found.length === value.length && isZero(found.map(differing)),
  }
}
