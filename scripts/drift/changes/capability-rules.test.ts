// The rules that ask for each capability, observed from the rules themselves on an unknown release.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CAPABILITY_NAMES } from '#harness/talos/quirks.ts'
import { ROOT } from '../../root.ts'
import { conformanceSchema } from '../../judge/verdict/conformance.ts'
import { judgeHere } from '../../testing/run-command.ts'
import { RULES_OF } from './capability-rules.ts'

const PATIENCE_MS = 240_000
const GOLDEN = 'docker-archive:fixtures/golden/v1.13.9-spin-tailscale/installer-arm64.tar'

it('are the rules that cannot be judged then', { timeout: PATIENCE_MS }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unknown-release-'))
  try {
    const locked = JSON.parse(await readFile(join(ROOT, 'fixtures/golden/lock-v1.13.9.json'), 'utf8'))
    const text = JSON.stringify(locked).replaceAll('v1.13.9', 'v1.15.0')
    const [lock, report] = [join(folder, 'lock.json'), join(folder, 'conformance.json')]
    await writeFile(lock, text)
    const args = [GOLDEN, '--variant', 'spin-tailscale', '--target', 'installer', '--lock', lock, '--report', report]
    const { stderr } = await judgeHere(args)
    const { candidates } = conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8').catch(() => stderr)))
    const asked = candidates.flatMap(({ rules }) =>
      rules.flatMap(({ id, status, findings }) =>
        status === 'inconclusive'
          ? findings.flatMap(({ message = '' }) => {
              const name = /capability (\w+) is known/.exec(message)?.[1]
              return name === undefined ? [] : [{ id, name }]
            })
          : [],
      ),
    )
    // A rule that asks for two names the first.
    for (const { id, name } of asked) expect(RULES_OF[name as keyof typeof RULES_OF], name).toContain(id)
    // An installer is asked no question about media.
    const named = new Set(CAPABILITY_NAMES.flatMap((name) => RULES_OF[name]).filter((id) => !id.startsWith('MED-')))
    expect([...named].toSorted()).toEqual([...new Set(asked.map(({ id }) => id))].toSorted())
  } finally {
    await rm(folder, { recursive: true })
  }
})
