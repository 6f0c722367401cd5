/**
 * `node demo/screenshots.mjs [NAME …]`: pictures of the demo at three widths, light and dark, in `demo/.output/screenshots`.
 */
import process from 'node:process'
import '../test/support/ts.mjs'

const { takeScreenshots } = await import('./screenshots.ts')
await takeScreenshots(process.argv.slice(2))
