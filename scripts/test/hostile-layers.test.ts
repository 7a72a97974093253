// Layers that unpack to more than anybody has room for, in a registry: a coded error within seconds, and little memory.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { BUDGET } from '#harness/budget.ts'
import { digestOf } from '#harness/bytes/digest.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '#harness/oci/image/media-types.ts'
import { descriptorOf, json, tarEntry } from '#harness/testing/oci-samples.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { runConform } from '../testing/run-script.ts'

const folder = await mkdtemp(join(tmpdir(), 'hostile-layers-'))
afterAll(() => rm(folder, { recursive: true }))

const MIB = 1 << 20
const LAYERS = 500
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip'

/** A gzip of `first` and of 8 GiB of zeros; the time in its first header makes each another one. */
function zerosBehind(first: Buffer, time: number): Buffer {
  const begin = gzipSync(first)
  begin.writeUInt8(time, 4)
  return Buffer.concat([begin, ...Array.from({ length: 512 }, () => ZEROS)])
}

const ZEROS = gzipSync(Buffer.alloc(16 * MIB))
/** The header of a file of 8 GiB in base 256. */
const BIG_FILE = tarEntry({
  name: 'zeros',
  patch: (block) =>
    void block
      .fill(0, 124, 136)
      .fill(0x80, 124, 125)
      .writeBigUInt64BE(8n << 30n, 128),
})

/** `size` is claimed of layers that are not there. */
async function pushImage(registry: Registry, layers: readonly Buffer[], size?: number): Promise<void> {
  const config = json({ architecture: 'arm64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } })
  const descriptors = layers.map((bytes) => descriptorOf(bytes, LAYER_TYPE))
  const manifest = json({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptorOf(config, OCI_CONFIG),
    layers: Array.from({ length: LAYERS }, (_, at) => {
      const descriptor = descriptors[at % descriptors.length]
      return size === undefined ? descriptor : { ...descriptor, digest: digestOf(Buffer.from(`${at}`)), size }
    }),
  })
  for (const bytes of [config, ...layers]) await registry.content.putBlob('you/spin-only', bytes)
  await registry.content.putManifest('you/spin-only', manifest, OCI_MANIFEST, { tag: 'v1' })
}

/** The red rules, and the message of the first finding of each. */
async function judge(host: string, ...limit: readonly string[]) {
  const [report, cache] = [join(folder, 'report.json'), join(folder, 'cache')]
  const terms = ['--variant=spin-only', '--target=image', '--structure-only', '--cache', cache, '--report', report]
  const { status, stdout } = await runConform([`${host}/you/spin-only:v1`, ...terms, ...limit])
  expect({ status, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({
    status: 1,
    last: expect.stringMatching(/^RED/),
  })
  const { candidates } = conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8')))
  const red = (candidates[0]?.rules ?? []).filter((rule) => rule.status === 'fail')
  return red.map(({ id, findings }) => [id, findings[0]?.code, findings[0]?.message])
}

const overrun = (limit: number): unknown =>
  expect.stringContaining(`at most ${limit} unpacked bytes in all layers together, got more: raise it with --limit`)

describe('500 layers', { timeout: 120_000 }, () => {
  it.each([
    ['of a file of 8 GiB of zeros each', BIG_FILE, overrun(64 * MIB)],
    [
      'of 8 GiB of zeros behind the end of a tar each',
      Buffer.alloc(1024),
      expect.stringMatching(/at most 1048576 bytes after the end/),
    ],
  ])('%s are unpacked as far as they may go', async (_, first, message) => {
    await using registry = await startRegistry()
    await pushImage(
      registry,
      Array.from({ length: 4 }, (_item, at) => zerosBehind(first, at)),
    )
    expect(await judge(registry.host, `--limit=bytes=${64 * MIB}`)).toEqual([['OCI-004', 'LIMIT_EXCEEDED', message]])
    const kept = await readdir(join(folder, 'cache/tars'), { recursive: true }).catch(() => [])
    expect(kept.filter((name) => /[0-9a-f]{64}/.test(name))).toEqual([])
  })

  it('of 8 GiB each as they are stored are not fetched', async () => {
    await using registry = await startRegistry()
    await pushImage(registry, [Buffer.from('x')], 8 * 2 ** 30)
    expect(await judge(registry.host)).toEqual([['OCI-002', 'LIMIT_EXCEEDED', overrun(BUDGET.bytes)]])
    expect(registry.requests.filter(({ path }) => path.includes('/blobs/'))).toHaveLength(1)
  })
})
