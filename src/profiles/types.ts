/**
 * What a provider's profile is made of.
 */

/** How a member holds bytes: as digits, or as its own UTF-8. */
export type Encoding = 'hex' | 'base64' | 'text'

/** One part. */
export type Part =
  | { readonly at: string; readonly as: Encoding; readonly size?: number }
  | { readonly nonce: 'raw' | 'hex' }
  | { readonly zeros: number }
  | { readonly text: string }
  | { readonly sha256: readonly Part[] }
  | { readonly sha384: readonly Part[] }
  | { readonly sha512: readonly Part[] }
  | { readonly raw: string }
  | { readonly jcs: string }
  | { readonly hexOf: readonly Part[] }
  | { readonly any: number; readonly id: string }

/** One document that is asked for. */
export interface ProfileDocument {
  readonly method: 'GET'
  /** With parameters in braces. */
  readonly path: string
  readonly query: Readonly<Record<string, string | { readonly nonce: 'hex' } | { readonly parameter: string }>>
  readonly authorization: 'none' | 'bearer' | 'bearer-optional'
  readonly maximumBytes: number
}

/** A pointer to an object, or the one item of a list in which all members of `where` are so. */
export type Selection =
  | string
  | {
      readonly list: string
      readonly where: Readonly<Record<string, string | number | boolean | { readonly parameter: string }>>
    }

/** One piece of evidence, and what belongs to it. */
export interface ProfileComponent {
  readonly in: Selection
  readonly with?: Selection
  readonly evidence: { readonly format: 'tdx' | 'sev-snp' | 'sgx'; readonly at: string; readonly as: 'hex' | 'base64' }
  readonly eventLog?: { readonly at: string; readonly as: 'json' | 'json-text' }
  /** `mrConfig`: 1, or a pointer to the document of version 3. */
  readonly dstack?: { readonly appCompose: string; readonly appCertificate?: string; readonly mrConfig: 1 | string }
  readonly reportData: readonly Part[]
  readonly nonces?: readonly { readonly at: string; readonly as: 'hex' | 'base64' }[]
  readonly constants?: Readonly<Record<string, string | number | boolean | null>>
  readonly gpus?: { readonly list: string; readonly nonce: readonly Part[] }
  readonly sameMachineAs?: string
  readonly notAfter?: { readonly at: string; readonly as: 'unix' }
}

/** How requests are sealed, and by what the key is vouched for. */
export type ProfileChannel =
  | { readonly kind: 'none'; readonly why: string }
  | {
      readonly kind: 'ohttp' | 'ehbp-1' | 'chutes-e2e-1' | 'aci-e2ee-2'
      readonly component: string
      readonly key: {
        readonly in?: Selection
        readonly at: string
        readonly as: Encoding
        readonly form: 'single' | 'list' | 'x25519' | 'ml-kem-768'
      }
      readonly vouched:
        | { readonly by: 'report-data' }
        | {
            readonly by: 'ed25519'
            readonly key: string
            readonly signature: { readonly at: string; readonly as: 'hex' | 'base64' }
          }
      readonly endpoint?: string
      readonly chunked?: boolean
    }

/** A profile, checked. Frozen. */
export interface ProviderProfile {
  readonly profile: 'veritee.provider/1'
  readonly name: string
  readonly revision: number
  /** The day on which the provider served what the profile says. */
  readonly asOf: string
  /** `null`: the caller's. */
  readonly origin: string | null
  readonly documents: Readonly<Record<string, ProfileDocument>>
  readonly components: Readonly<Record<string, ProfileComponent>>
  readonly channel: ProfileChannel
  /** What stays open after everything has passed. */
  readonly unproven: readonly { readonly id: string; readonly why: string }[]
}
