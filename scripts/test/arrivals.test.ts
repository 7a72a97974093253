import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { BUDGET } from '#harness/budget.ts'
import { digestOf } from '#harness/bytes/digest.ts'
import { IntegrityError } from '#harness/errors.ts'
import { Arrival } from '#harness/oci/cache/arrival.ts'
import { openCache } from '#harness/oci/cache/cache.ts'
import { fillBlob } from '#harness/oci/cache/fill.ts'
import { UKI_PATH } from '#harness/talos/installer.ts'
import { sampleArchive } from '#harness/testing/cpio-samples.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { tarOf } from '#harness/testing/oci-samples.ts'
import { samplePe } from '#harness/testing/pe-sample.ts'
import { readAhead } from '#specs/support/ahead/listen.ts'
import { openSpool } from '#specs/support/facts.ts'
import { tellArrivals } from './arrivals.ts'

const folder = await mkdtemp(join(tmpdir(), 'arrivals-'))
afterAll(() => rm(folder, { recursive: true }))

const MEMBERS = ['init', 'extensions.yaml'].map((name) =>
  zstdCompressSync(sampleArchive([{ name, data: name.repeat(1000) }])),
)
const KERNEL = Buffer.alloc(17 << 20)
const UKI = samplePe([
  { name: '.linux', data: KERNEL },
  { name: '.initrd', data: Buffer.concat(MEMBERS) },
  { name: '.profile', data: Buffer.from('ID=main') },
])
const layerOf = (uki: Uint8Array): Buffer =>
  gzipSync(
    tarOf([
      { name: 'usr/', type: '5' },
      { name: UKI_PATH, content: uki },
    ]),
    { level: 1 },
  )
const LAYER = layerOf(UKI)
const INITRD = UKI.indexOf(MEMBERS[0] ?? '')

function damaged(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at] = ~(copy[at] ?? 0) & 0xff
  return copy
}

/** Files below `folder` that this process has open, those that were removed among them. */
async function openFiles(below: string): Promise<number> {
  const names = await readdir('/proc/self/fd')
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(`${below}/`)).length
}

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function* inPieces(bytes: Uint8Array, end = bytes.length): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < end; at += 1 << 12) yield bytes.subarray(at, Math.min(end, at + (1 << 12)))
  if (end < bytes.length) throw new IntegrityError('SIZE_MISMATCH', 'cut', { got: 1, want: 2, bytesRead: 1 })
}

/** Fills the cache with `layer`, up to `end`, while somebody listens. */
async function pull(cacheFolder: string, layer = LAYER, end?: number): Promise<void> {
  readAhead()
  const arrivals = tellArrivals({ cacheFolder, limits: BUDGET })
  closers.push(arrivals.close)
  const content = { digest: digestOf(layer), size: layer.length }
  const options = { where: { path: 'x' }, layer: true, onTar: arrivals.onTar }
  await fillBlob(await openCache(cacheFolder), content, inPieces(layer, end), options)
}

/** The facts that a run with this cache gets. */
function factsOf(cacheFolder: string, keepFacts = true) {
  const spool = openSpool({ cacheFolder, keepFacts })
  closers.push(() => spool.close())
  if (spool.facts === undefined) throw new Error('expected facts')
  return spool.facts
}

const keysInFile = MEMBERS.map(
  (member, index) =>
    `sha256(${digestOf(UKI)}@${INITRD + (index === 0 ? 0 : (MEMBERS[0]?.length ?? 0))}+${member.length})`,
)
const content = (member: Uint8Array) => `zstd(${digestOf(member)}@0+${member.length})`

describe('an installer that arrives', () => {
  it('is unpacked before the run, whose facts say what its parts are', async () => {
    const cacheFolder = join(folder, 'whole')
    await pull(cacheFolder)
    const facts = factsOf(cacheFolder)
    await vi.waitFor(
      async () =>
        expect(await Promise.all(keysInFile.map((key) => facts.recall(key)))).toEqual(
          MEMBERS.map((one) => digestOf(one)),
        ),
      { timeout: 60_000 },
    )
    expect(await facts.recall(`sha256(${digestOf(UKI)}@${INITRD - KERNEL.length}+${KERNEL.length})`)).toBe(
      digestOf(KERNEL),
    )
    for (const member of MEMBERS) {
      const lease = await facts.lease(content(member), () => expect.fail('unpacked again'), {
        where: {},
        maxBytes: 1 << 20,
        format: 'x',
      })
      expect(lease?.source.size).toBeGreaterThan(1000)
      await lease?.release()
    }
    // The next run of this thread is about another image.
    expect(factsOf(cacheFolder)).not.toBe(facts)
  })

  it('leaves nothing to a run that reads another cache, or that believes no facts', async () => {
    const cacheFolder = join(folder, 'other')
    await pull(cacheFolder)
    const [elsewhere, own] = [factsOf(join(folder, 'elsewhere')), factsOf(cacheFolder)]
    await vi.waitFor(async () => expect(await own.recall(keysInFile[1] ?? '')).toBeDefined(), { timeout: 60_000 })
    expect(await elsewhere.recall(keysInFile[1] ?? '')).toBeUndefined()
    await pull(join(folder, 'bytes'))
    expect(openSpool({ cacheFolder: join(folder, 'bytes'), fromBytes: true }).facts).toBeUndefined()
  })

  it('is nothing to rely on where the rest never comes', async () => {
    const cacheFolder = join(folder, 'cut')
    await expectCode(() => pull(cacheFolder, LAYER, LAYER.length - 200), IntegrityError, 'SIZE_MISMATCH')
    const facts = factsOf(cacheFolder)
    expect(await Promise.all(keysInFile.map((key) => facts.recall(key)))).toEqual([undefined, undefined])
  })

  it.for([
    ['no PE file', KERNEL],
    ['one without an initramfs', samplePe([{ name: '.linux', data: KERNEL }])],
    ['one whose initramfs does not unpack', damaged(UKI, INITRD + 40)],
  ] as const)('is left to the rules where it is %s', async ([name, uki]) => {
    const cacheFolder = join(folder, name)
    const closing = vi.spyOn(Arrival.prototype, 'close')
    await pull(cacheFolder, layerOf(uki))
    await vi.waitFor(() => expect(closing).toHaveBeenCalledOnce(), { timeout: 60_000 })
    await closing.mock.results[0]?.value
    closing.mockRestore()
    expect(await openFiles(cacheFolder)).toBe(0)
  })
})
