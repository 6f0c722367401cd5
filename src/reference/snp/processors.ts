/**
 * QEMU's names of AMD processors and the CPUID signature (leaf 1, EAX) that each has: part of the
 * save area, so part of the measurement.
 */

/** Signature of family, model and stepping (AMD 24594, CPUID Fn0000_0001_EAX). */
function signatureOf(family: number, model: number, stepping: number): number {
  const [base, extended] = family > 15 ? [15, family - 15] : [family, 0]
  return (extended << 20) | ((model >> 4) << 16) | (base << 8) | ((model & 15) << 4) | stepping
}

/** CPUID signatures by QEMU's names. */
export function processorTypes(): ReadonlyMap<string, number> {
  const lines: readonly (readonly [signature: number, ...names: string[]])[] = [
    [signatureOf(23, 1, 2), 'EPYC', 'EPYC-v1', 'EPYC-v2', 'EPYC-IBPB', 'EPYC-v3', 'EPYC-v4'],
    [signatureOf(23, 49, 0), 'EPYC-Rome', 'EPYC-Rome-v1', 'EPYC-Rome-v2', 'EPYC-Rome-v3'],
    [signatureOf(25, 1, 1), 'EPYC-Milan', 'EPYC-Milan-v1', 'EPYC-Milan-v2'],
    [signatureOf(25, 17, 0), 'EPYC-Genoa', 'EPYC-Genoa-v1'],
    [signatureOf(26, 0, 0), 'EPYC-Turin'],
  ]
  return new Map(lines.flatMap(([signature, ...names]) => names.map((name) => [name, signature] as const)))
}
