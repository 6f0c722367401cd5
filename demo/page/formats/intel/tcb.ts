/**
 * The states that Intel says a platform can be in, in words: what each means, and what whoever
 * operates the platform should do.
 */
import type { TcbStatus } from '../../../../src/formats/intel/tdx/index.ts'

export interface StatusWords {
  /** As a headline, after "Genuine, but". */
  readonly short: string
  readonly means: string
  readonly remedy: string
}

/** The statuses that a platform can have; with `Revoked` no quote is authentic. */
export type AnyStatus = TcbStatus | 'Revoked'

export const statusWords: Readonly<Record<AnyStatus, StatusWords>> = {
  UpToDate: {
    short: 'its platform is up to date',
    means: 'The platform has all security updates that Intel knew of.',
    remedy: 'Nothing needs to be done; keep installing updates.',
  },
  SWHardeningNeeded: {
    short: 'its platform is sound only if the software in it defends itself',
    means:
      'The platform has all updates, but some flaws of the processor are left that only the software inside can avoid.',
    remedy:
      'The builder of that software must compile in the defences that the advisories name. Accept this state if you know that they did.',
  },
  ConfigurationNeeded: {
    short: 'its platform is set up in a way that is open to attack',
    means: 'The platform has all updates, but a setting of it, often in the BIOS, leaves it open to known attacks.',
    remedy: 'The operator must change the setting that the advisories name: hyper-threading, say.',
  },
  ConfigurationAndSWHardeningNeeded: {
    short: 'its platform is set up in a way that is open to attack',
    means:
      'The platform has all updates, but a setting leaves it open to known attacks, and some flaws are left that only the software inside can avoid.',
    remedy:
      'The operator must change the setting, and its builder must compile in the defences that the advisories name.',
  },
  OutOfDate: {
    short: 'its platform lacks security updates',
    means: 'The platform lacks security updates: attacks on it are known.',
    remedy: 'The operator must update BIOS, microcode or the Intel software on the machine, and have it attest again.',
  },
  OutOfDateConfigurationNeeded: {
    short: 'its platform lacks security updates',
    means: 'The platform lacks security updates, and a setting of it leaves it open to known attacks as well.',
    remedy:
      'The operator must update BIOS, microcode or the Intel software, and change the setting that the advisories name.',
  },
  TDRelaunchAdvised: {
    short: 'it was started before its platform was updated',
    means:
      'The platform is up to date by now, but this trust domain was started before and still runs on the old state.',
    remedy: 'The operator must start the trust domain anew: what was exposed before may have leaked.',
  },
  TDRelaunchAdvisedConfigurationNeeded: {
    short: 'it was started before its platform was updated',
    means:
      'This trust domain was started before the platform was updated, and a setting of the platform leaves it open to known attacks.',
    remedy: 'The operator must change the setting that the advisories name, and start the trust domain anew.',
  },
  Revoked: {
    short: 'the state of its platform is revoked',
    means: 'Intel has revoked this state of the platform: its keys must be assumed to have leaked.',
    remedy:
      'The operator must update the platform and have Intel certify it anew. Until then nothing from it can be believed.',
  },
}

/** Advisories by number, each once, in order. */
export function advisoriesIn(...texts: readonly string[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => text.match(/INTEL-SA-\d+/g) ?? []))].sort()
}
