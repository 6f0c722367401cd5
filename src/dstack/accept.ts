/**
 * What a caller accepts of a dstack application, read once and checked. Every list is required and
 * not empty; to accept anything, `'any'` must be written.
 */
import { itemsOf, requireOption, snapshotOf } from '../core/options.ts'

/** What is accepted. Each is a list, or `'any'`. */
export interface DstackExpectations {
  /** Hashes of app-compose files: see `composeHash`. */
  readonly appComposes: readonly string[] | 'any'
  /**
   * Hashes of operating system images. Such a hash is the guest's own word: it is proven only where
   * MRTD, RTMR1 and RTMR2 are those of that image.
   */
  readonly osImages: readonly string[] | 'any'
  /**
   * Identifiers of key providers: the public key of a KMS, hexadecimal digits of its
   * SubjectPublicKeyInfo.
   */
  readonly keyProviders: readonly string[] | 'any'
  /** Default: any. */
  readonly appIds?: readonly string[]
  /**
   * `'pinned'`: every image of the compose file must be named by its digest. Default: as the
   * compose file has it, which is in the hash.
   */
  readonly images?: 'pinned'
}

/**
 * {@link DstackExpectations}, checked, copied and in lower case; `undefined` for what may be
 * anything.
 */
export interface DstackPolicy {
  readonly appComposes: readonly string[] | undefined
  readonly osImages: readonly string[] | undefined
  readonly keyProviders: readonly string[] | undefined
  readonly appIds: readonly string[] | undefined
  readonly pinned: boolean
}

const names = ['appComposes', 'osImages', 'keyProviders', 'appIds', 'images']

/** @param name of the option, for messages. @throws TypeError */
export function readDstackExpectations(value: unknown, name = 'accept'): DstackPolicy {
  const own = snapshotOf<Record<string, unknown>>(value, name)
  const unknown = Object.keys(own).find((key) => !names.includes(key))
  requireOption(name, `an object with ${names.join(', ')}, without ${JSON.stringify(unknown)}`, unknown === undefined)
  const listOf = (key: string, size: number | undefined): readonly string[] | undefined => {
    const list = own[key]
    if (list === 'any' && key !== 'appIds') return undefined
    const items = itemsOf(list)
    const isId = (item: unknown): boolean =>
      typeof item === 'string' &&
      item !== '' &&
      (size === undefined || (item.length === 2 * size && /^[0-9a-f]*$/i.test(item)))
    const what = size === undefined ? 'identifiers' : `${2 * size} hexadecimal digits each`
    const any = key === 'appIds' ? '' : ", or 'any'"
    requireOption(`${name}.${key}`, `a list of ${what}, at least one${any}`, items.length > 0 && items.every(isId))
    return (items as readonly string[]).map((item) => item.toLowerCase())
  }
  requireOption(`${name}.images`, "'pinned'", !Object.hasOwn(own, 'images') || own['images'] === 'pinned')
  return {
    appComposes: listOf('appComposes', 32),
    osImages: listOf('osImages', 32),
    keyProviders: listOf('keyProviders', undefined),
    appIds: Object.hasOwn(own, 'appIds') ? listOf('appIds', 20) : undefined,
    pinned: own['images'] === 'pinned',
  }
}
