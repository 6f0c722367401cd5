/**
 * Fields that client and gateway exchange inside the seal, and that no app sees:
 * {@link clientSecretHeader} in `binding.ts` is the third.
 */

/**
 * The client's name for one request: base64url of 16 random bytes. One request keeps its name under
 * every key that it is sealed to.
 */
export const requestIdHeader = 'veritee-request-id'

/**
 * Why the gateway, and not the app, answered. An app cannot say it: the gateway removes it from an
 * app's answers.
 */
export const refusalHeader = 'veritee-refusal'

/** The problem type of a date that is too far from the gateway's (RFC 9458 section 6.5.2). */
export const dateProblem = 'https://iana.org/assignments/http-problem-types#date'
