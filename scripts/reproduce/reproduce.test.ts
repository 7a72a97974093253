import { parseReference } from '#harness/oci/image/reference.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeLayout } from '#fixtures/counterexamples/candidate.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { openInstaller } from '#harness/talos/installer.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { makeOwnImage, type OwnImage } from '../check-bytes/own.ts'
import type { Place } from '../check-bytes/place.ts'
import { placesOf } from '../check-bytes/places.ts'
import { loadContract } from '../judge/candidates/inputs.ts'
import { differencesOf, type Difference } from './difference.ts'
import { renderReproduction } from './main.ts'

let folder = ''
let own: OwnImage
let places: readonly Place[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reproduce-'))
  own = await makeOwnImage(folder, (await loadContract(undefined)).value, 'spin-tailscale')
  places = await placesOf(own.image)
}, 240_000)
afterAll(() => rm(folder, { recursive: true }))

const open = (reference: string): Promise<TalosPart> =>
  openInstaller(parseReference(reference), { spool: new Spool(join(folder, 'spool')) })

async function firstOf(reference: string): Promise<Difference | undefined> {
  const [given, made] = await Promise.all([open(reference), open(own.reference)])
  try {
    for await (const difference of differencesOf(given, made)) return difference
    return undefined
  } finally {
    await Promise.all([given.close(), made.close()])
  }
}

/** One byte of the place changed, everything around it right again. */
async function withOneByte(name: RegExp, depth: string, at: number | string): Promise<string> {
  const place = places.find((one) => one.depth === depth && name.test(one.name))
  if (place === undefined) throw new Error(`expected a place ${depth} ${String(name)}`)
  const bytes = Buffer.from(place.bytes)
  const offset = typeof at === 'number' ? at : bytes.indexOf(at) + 30
  bytes[offset] = (bytes[offset] ?? 0) ^ 1
  const { image, tamper } = await place.put(bytes)
  return writeLayout(image, join(folder, `${depth} ${place.name.replaceAll('/', '_')} ${at}`), tamper)
}

const UKI = 'layer 1!usr/install/arm64/vmlinuz.efi'

describe('differencesOf', () => {
  it('finds nothing where an image is held against itself', async () => {
    expect(await firstOf(own.reference)).toBeUndefined()
  })

  it.for([
    ['config', /^config$/, 20, 'config'],
    ['base layer', /^layer 0$/, '\x7fELF', /^layer 0!/],
    ['systemd-boot', /systemd-boot/, 700, 'layer 1!usr/install/arm64/systemd-boot.efi'],
    ['uki section', /./, 3, new RegExp(`^${UKI}!\\.`)],
    ['stub', /./, 9, new RegExp(`^${UKI}!\\.`)],
    ['uki headers', /./, 200, UKI],
    ['extensions.yaml', /./, 40, `${UKI}!.initrd!segment 1!extensions.yaml`],
    ['firmware', /./, 0, new RegExp(`^${UKI}!\\.initrd!segment 1!usr/lib/firmware/`)],
    ['cpio header', /./, 50, new RegExp(`^${UKI}!\\.initrd!segment 1!`)],
    ['squashfs superblock', /^5\.sqsh/, 8, `${UKI}!.initrd!segment 1!5.sqsh`],
    ['extension file', /^5\.sqsh/, 2, new RegExp(`^${UKI}!\\.initrd!segment 1!5\\.sqsh!`)],
    ['squashfs inode table', /^5\.sqsh/, 8, new RegExp(`^${UKI}!\\.initrd!segment 1!5\\.sqsh!`)],
  ] as const)('says where one byte was changed in %s', async ([depth, name, at, where]) => {
    const difference = await firstOf(await withOneByte(name, depth, at))
    const place = difference?.where ?? ''
    expect(typeof where === 'string' ? place === where : where.test(place), place).toBe(true)
    expect(difference?.isCompression).toBeUndefined()
  })

  it('distinguishes compression from content', async () => {
    const cpio = places.find(({ depth }) => depth === 'cpio')
    if (cpio === undefined) throw new Error('expected the extension segment')
    // The same archive, compressed at another level.
    const { image } = await cpio.put(Uint8Array.from(cpio.bytes))
    const difference = await firstOf(await writeLayout(image, join(folder, 'recompressed')))
    expect(difference).toEqual({
      where: `${UKI}!.initrd!segment 1`,
      what: 'how the segment is compressed',
      isCompression: true,
    })
  })
})

describe('renderReproduction', () => {
  const common = { reference: 'oci:x', variant: 'spin-only', digest: 'sha256:a', made: 'sha256:b' }

  it('is green, red or inconclusive', () => {
    const at = { where: 'config', what: 'byte 7' }
    expect(renderReproduction({ ...common, made: 'sha256:a' }).exit).toBe(0)
    expect(renderReproduction({ ...common, difference: at })).toMatchObject({
      exit: 1,
      text: expect.stringContaining('DIFFERS oci:x as spin-only') as string,
    })
    expect(renderReproduction({ ...common, difference: { ...at, isCompression: true } })).toMatchObject({
      exit: 2,
      text: expect.stringContaining('made with another zstd or zlib') as string,
    })
  })
})
