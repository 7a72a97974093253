// Verdicts from facts of an earlier run: nothing is decompressed for them, and `--from-bytes` believes none.
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pushReference } from '#fixtures/simulator/registry/content/images.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { describeFile, writeRecord } from '#harness/oci/cache/file.ts'
import { openSeal } from '#harness/oci/cache/key.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { judgeHere } from '../testing/run-command.ts'

const PATIENCE_MS = 240_000
const GOLDEN = 'docker-archive:fixtures/golden/v1.11.5-spin-only/installer-arm64.tar'
const AS_INSTALLER = ['--variant=spin-only', '--target=image,installer', '--lock=fixtures/golden/lock-v1.11.5.json']
/** The magic of a zstd frame; behind it a header of at most 14 bytes and one of 3. */
const FRAME = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
const INSIDE = 64

const folder = await mkdtemp(join(tmpdir(), 'conform-kept-facts-'))
const cache = join(folder, 'cache')
const report = join(folder, 'conformance.json')
let registry: Registry | undefined
beforeAll(async () => {
  registry = await startRegistry()
  await pushReference(registry, GOLDEN, 'you/spin-only', 'v1')
})
afterAll(async () => {
  await registry?.close()
  await rm(folder, { recursive: true })
})

async function judge(...args: readonly string[]) {
  const reference = `${registry?.host}/you/spin-only:v1`
  const { status } = await judgeHere([reference, '--cache', cache, '--report', report, ...AS_INSTALLER, ...args])
  const { candidates } = conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8')))
  return { status, rules: candidates.flatMap(({ rules }) => rules.map((rule) => ({ ...rule, durationMs: 0 }))) }
}

/** Breaks every zstd frame of the tar with the kernel and the initramfs, and vouches for the file as for the right one. */
async function breakFrames(): Promise<number> {
  const tars = join(cache, 'tars/sha256')
  const sizes = await Promise.all(
    (await readdir(tars)).map(async (name) => [name, (await stat(join(tars, name))).size] as const),
  )
  const [name] = sizes.toSorted(([, one], [, other]) => other - one)[0] ?? ['']
  const file = await open(join(tars, name), 'r+')
  const bytes = await file.readFile()
  let broken = 0
  for (let at = bytes.indexOf(FRAME); at >= 0; at = bytes.indexOf(FRAME, at + INSIDE), broken++)
    await file.write(Buffer.from([~(bytes[at + INSIDE] ?? 0) & 0xff]), 0, 1, at + INSIDE)
  const record = join(cache, `records/tars/sha256/${name}.json`)
  await writeRecord(cache, record, await describeFile(await file.stat({ bigint: true })), await openSeal())
  await file.close()
  return broken
}

it(
  'judges from facts what no decoder can read any more, as it judged the bytes',
  { timeout: PATIENCE_MS },
  async () => {
    const cold = await judge()
    expect(cold.status).toBe(0)
    expect(await breakFrames()).toBeGreaterThanOrEqual(2)
    expect(await judge()).toEqual(cold)
    for (const option of ['--from-bytes', '--account']) {
      const fromBytes = await judge(option)
      expect(fromBytes.status).toBe(1)
      expect(fromBytes.rules.filter(({ status }) => status === 'fail')).not.toEqual([])
    }
  },
)
