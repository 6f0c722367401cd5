/**
 * What fields of a report mean, for people; `veritee inspect` and verdicts share it.
 */
import type { SnpGuestPolicy, SnpPlatformInfo, SnpTcb } from '../../../formats/amd/sev-snp/index.ts'

/** `boot loader 9, TEE 0, …`. */
export function tcbAsText(tcb: SnpTcb): string {
  const names = { fmc: 'FMC', bootloader: 'boot loader', tee: 'TEE', snp: 'SNP', microcode: 'microcode' } as const
  return (Object.keys(names) as (keyof SnpTcb)[])
    .flatMap((part) => (tcb[part] === undefined ? [] : [`${names[part]} ${tcb[part]}`]))
    .join(', ')
}

/** The guest policy, what it allows first. */
export function policyAsText(policy: SnpGuestPolicy): string {
  return [
    `ABI ${policy.abiMajor}.${policy.abiMinor} or later`,
    ...namesOf(policy, {
      debug: 'DEBUG',
      migrateMa: 'migration agent',
      smtAllowed: 'SMT allowed',
      cxlAllowed: 'CXL allowed',
      singleSocket: 'single socket',
      memAes256Xts: 'AES-256-XTS',
      raplDisabled: 'RAPL off',
      ciphertextHiding: 'ciphertext hiding',
      pageSwapDisabled: 'no page swap',
    }),
  ].join(', ')
}

/** The platform info: what is on. */
export function platformAsText(info: SnpPlatformInfo): string {
  const on = namesOf(info, {
    smtEnabled: 'SMT',
    tsmeEnabled: 'TSME',
    eccEnabled: 'ECC',
    raplDisabled: 'RAPL off',
    ciphertextHiding: 'ciphertext hiding',
    aliasCheckComplete: 'alias check done',
    iommuWriteSafe: 'IOMMU write safe',
    tioEnabled: 'TIO',
  })
  return on.join(', ') || 'nothing'
}

/** What each advisory is about. */
export function advisoryAsText(id: string): string {
  const titles: Readonly<Record<string, string>> = {
    'milan-root-seed': 'the owner of a Milan machine can forge its reports (AMD-SB-3045)',
    'AMD-SB-3015': 'BadRAM: memory was not checked for aliases',
    'AMD-SB-3019': 'EntrySign: microcode can be forged',
    'AMD-SB-3020': 'RMPocalypse: memory tables can be corrupted as they are set up',
    'AMD-SB-3027': 'StackWarp: a sibling thread can move the stack',
    'AMD-SB-3016': 'the IOMMU can hold back writes',
    'AMD-SB-3021': 'ciphertexts can be watched: hiding is off, or pages may be moved',
  }
  return Object.hasOwn(titles, id) ? (titles[id] as string) : ''
}

function namesOf<T extends object>(flags: T, names: Partial<Record<keyof T, string>>): string[] {
  return (Object.keys(names) as (keyof T)[]).flatMap((flag) => (flags[flag] === true ? [names[flag] as string] : []))
}
