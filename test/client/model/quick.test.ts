import { expect, test } from 'vitest'
import { parties } from './parties.ts'
import { runSchedule } from './schedule.ts'
import { exhaust, follow, listOf } from './choices.ts'
import { exhausted } from './scenarios.ts'
test('model check: quick', async () => {
  const all = await parties()
  for (const scenario of exhausted.filter((one) => one.name.includes(process.env.ONLY ?? ''))) {
    const t = process.cpuUsage(); let n = 0
    const ends = new Map<string, number>(); const props = new Map<string, string[]>()
    await exhaust(Number(process.env.BOUND ?? scenario.bound), async (given) => {
      const path = follow(given, () => 0)
      const out = await runSchedule(scenario, path.choose, all)
      n++
      for (const e of out.ends) ends.set(e, (ends.get(e) ?? 0) + 1)
      if (out.violation) { const k = out.violation.message.slice(0, 90); const l = props.get(k) ?? []; l.push(JSON.stringify(listOf(path.made)) + '\n   ' + out.trace.join('\n   ')+'\n   ' + out.states.join(', ')); props.set(k, l) }
      return path.made
    })
    const u = process.cpuUsage(t)
    console.log(scenario.name, n, 'schedules', (u.user + u.system) / 1000 / n, 'ms each', [...ends].map(String).join(' '))
    for (const [k, l] of props) console.log(k, l.length, l.sort((a,b)=>a.length-b.length)[0])
  }
  expect(1).toBe(1)
})
