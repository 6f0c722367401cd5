/**
 * The second opinion with its libraries: loaded when it is asked for, and not before.
 */
import * as opinion from '../../src/second-opinion/index.ts'

export { opinion }
