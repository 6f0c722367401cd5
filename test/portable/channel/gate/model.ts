/**
 * What the pages of the gate are told and tell: plain JSON.
 */

/** For page and worker alike. */
export interface Settings {
  /** Origin of the enclave: another port than the page's, so another origin. */
  readonly enclave: string
  /** What the page calls the enclave. */
  readonly name: string
  readonly policyVersion: number
  /** Of the gate: a time in JSON. */
  readonly expiresAt: string
  /** Base64 of DER. */
  readonly root: string
  /** The build that is expected, as PCR0 in hexadecimal. Left out: any. */
  readonly build?: string
}

export interface GateRow {
  readonly name: string
  readonly result: unknown
  /** What reached the enclave's server meanwhile, evidence left out: method, path, type. */
  readonly arrived: readonly string[]
}

export interface GateReport {
  /** `false`: there is no `navigator.serviceWorker`, and everything else is empty. */
  readonly hasServiceWorkers: boolean
  readonly rows: readonly GateRow[]
  /**
   * Of the Content-Security-Policy: directives with what was blocked, in the page and in the
   * worker.
   */
  readonly violations: readonly string[]
  /**
   * The directives of violations that page and worker committed on purpose at the end, or what came
   * of those instead.
   */
  readonly provoked: readonly string[]
}
