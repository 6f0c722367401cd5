/**
 * Android in the command line: keys in the secure hardware of phones.
 */
import { help } from './android/help.ts'
import { verifyAndroidKey } from '../../formats/android/key/index.ts'
import { androidOptionFormats, androidOptions, androidOptionsOf, spokenOfAndroid } from './android/arguments.ts'
import { inspectAndroidKey } from './android/inspect.ts'
import { androidCaveats, androidHints, androidQuestions, androidRows } from './android/report.ts'
import type { Family } from './family.ts'
import { asAsked } from '../second-opinion.ts'

export const android: Family = {
  formats: ['android-key'],
  guess: () => undefined,
  options: androidOptions,
  optionFormats: androidOptionFormats,
  help,
  spoken: spokenOfAndroid,
  async request(values) {
    const options = await androidOptionsOf(values)
    return { verify: await asAsked(values, verifyAndroidKey, options) }
  },
  readsEventLogs: false,
  inspect: (inspection) => Promise.resolve(inspectAndroidKey(inspection)),
  questions: androidQuestions,
  hints: androidHints,
  rows: (claims) => ('rootOfTrust' in claims ? androidRows(claims) : [[], []]),
  caveats: (claims, checks) => ('rootOfTrust' in claims ? androidCaveats(claims, checks) : []),
}
