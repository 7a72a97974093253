// Images built from the embedded releases: what is reported between them is what was planted, nothing missing and nothing invented.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assemble } from '#build/assemble.ts'
import { planVariant } from '#build/plan.ts'
import { registryUpstream } from '#build/upstream/registry.ts'
import { factsOf, RELEASES, type ReleaseName } from '#fixtures/simulator/upstream/release.ts'
import { baseModules } from '#fixtures/simulator/upstream/parts/module-tree.ts'
import { expectedChanges, type Expected } from '../drift/testing/expected.ts'
import { describeEmbedded, essence, type Described } from '../drift/testing/releases.ts'
import { keepIn } from '../drift/kept.ts'
import { compareSides } from './compare.ts'
import { readFileSet } from './files.ts'
import { openSide, type Side } from './side.ts'

/** Releases are made, locked and built first. */
const PATIENCE_MS = 180_000
const VARIANT = 'spin-tailscale'

/** Known differences that no image shows: they are about what is published, or about how images are made. */
const OF_RELEASES = /^(catalogue|prefixes|knowledge|image|images|services)\.|^(tailscale\.root|kernel\.enforcement)$/

let described: Described
const sides = new Map<string, Promise<Side>>()
beforeAll(async () => {
  described = await describeEmbedded(['v1.11.5', 'v1.13.9', 'v1.14.2'])
}, PATIENCE_MS)
afterAll(() => described[Symbol.asyncDispose]())

async function build(talos: ReleaseName, name: string, variant: string): Promise<Side> {
  const { contract, folder, upstream } = described
  const lock = await described.lockOf(talos)
  const output = join(folder, name)
  const parts = registryUpstream(lock, { spool: upstream.spool, registry: upstream.access }, upstream.mirror)
  try {
    await assemble(planVariant({ lock, contract, variant }), { upstream: parts, output })
  } finally {
    await parts.close()
  }
  const cacheFolder = join(folder, 'cache')
  const terms = { cacheFolder, contract, kept: keepIn(cacheFolder), trust: noTrust, verify: true }
  return openSide({ kind: 'oci', path: output, tag: talos }, { ...terms, readFiles: readFileSet })
}

const noTrust = (): Promise<never> => Promise.reject(new Error('nothing here is signed'))

function sideOf(talos: ReleaseName, variant = VARIANT): Promise<Side> {
  const name = `${variant}-${talos}`
  const side = sides.get(name) ?? build(talos, name, variant)
  sides.set(name, side)
  return side
}

/** Of the table of planted differences those that images show, and what follows from them for images. */
async function expectedOfImages(from: ReleaseName, to: ReleaseName): Promise<readonly Expected[]> {
  const shown = expectedChanges(from, to).filter(({ id }) => !OF_RELEASES.test(id))
  const note = (id: string, more: Partial<Expected> = {}): Expected => ({ id, effect: 'note', rules: [], ...more })
  const [before, after] = [factsOf(from), factsOf(to)]
  const [was, is] = [await described.lockOf(from), await described.lockOf(to)]
  const [old, now] = [await firmwareOf(from), await firmwareOf(to)]
  const firmware = [...now.keys()].filter((path) => old.get(path) !== now.get(path)).toSorted()
  const lost = baseModules(RELEASES[from]).flatMap(({ path, aliases = [] }) => {
    const devices = aliases.filter((alias) => alias.includes(':') && !alias.startsWith('devname'))
    const isGone = before.get(`module.${path}`) === true && after.get(`module.${path}`) !== true
    return isGone && devices.length > 0 ? [`${path.replace(/^.*\/|\.ko$/g, '')}: ${devices.join(', ')}`] : []
  })
  return [
    ...shown,
    note('release.talos', { was: from, is: to }),
    note('sizes'),
    note('image.base', {
      rules: ['INS-003'],
      ...(was.installerBase && { was: was.installerBase.digest }),
      ...(is.installerBase && { is: is.installerBase.digest }),
    }),
    ...(from === 'v1.11.5' ? [{ id: 'upgrade.skipped', effect: 'breaks', rules: ['NODE-004'] } as const] : []),
    ...(lost.length === 0 ? [] : [{ id: 'aliases.gone', effect: 'decide', rules: ['MOD-003'], names: lost } as const]),
    ...(firmware.length === 0 ? [] : [note('firmware.changed', { rules: ['EXT-017'], names: firmware })]),
    ...['spin', 'tailscale'].flatMap((name) => {
      const versions = [before.get(`version.${name}`), after.get(`version.${name}`)].map(String)
      const names = [`${name} ${versions.join(' → ')}`]
      return versions[0] === versions[1] ? [] : [note(`extension.${name}.packages`, { rules: ['EXT-016'], names })]
    }),
  ].toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** As the extensions are published: imager takes it out of them. */
async function firmwareOf(talos: ReleaseName): Promise<ReadonlyMap<string, string>> {
  const { extensions } = await described.of(talos)
  return new Map(extensions.flatMap(({ firmware }) => firmware.map(({ path, sha256 }) => [path, sha256] as const)))
}

describe('images of the embedded releases', { timeout: PATIENCE_MS }, () => {
  it.each([
    ['v1.11.5', 'v1.13.9'],
    ['v1.13.9', 'v1.14.2'],
    ['v1.11.5', 'v1.14.2'],
  ] as const)('from %s to %s differ by what was planted', async (from, to) => {
    const { changes } = compareSides(await sideOf(from), await sideOf(to), described)
    const found = changes
      .map((one) => (one.id === 'sizes' ? { ...one, was: undefined, is: undefined } : one))
      .map(essence)
    expect(found.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual((await expectedOfImages(from, to)).map(essence))
  })

  it('are the same as themselves, and as another build of their lock', async () => {
    const side = await sideOf('v1.13.9')
    const nothing = { changes: [], files: { gone: [], added: [], changed: [] } }
    expect(compareSides(side, side, described)).toEqual(nothing)
    const again = await build('v1.13.9', 'again', VARIANT)
    expect(compareSides(side, again, described)).toEqual(nothing)
    expect(side.files?.size).toBeGreaterThan(200)
  })

  it('differ from the release that they are made of by nothing', async () => {
    const base = (await described.lockOf('v1.13.9')).installerBase?.digest
    const common = { name: 'v1.13.9', talos: 'v1.13.9', architecture: 'arm64', base }
    const release = { ...common, release: await described.of('v1.13.9') }
    expect(compareSides(release, await sideOf('v1.13.9'), described).changes).toEqual([])
    const after = compareSides(release, await sideOf('v1.14.2'), described).changes
    expect(after.map(({ id }) => id)).toContain('kernel.release')
  })

  it('lose an extension with its variant, by name, with what it brought', async () => {
    const { changes, files } = compareSides(await sideOf('v1.13.9'), await sideOf('v1.13.9', 'spin-only'), described)
    expect(changes.map(({ id, effect }) => [id, effect])).toEqual([
      ['upgrade.variant', 'breaks'],
      ['extension.tailscale.gone', 'decide'],
      ['sizes', 'note'],
    ])
    expect(changes[1]?.sentence).toMatch(
      /^tailscale 1\.\d+\.\d+ is gone, with service tailscale \(waits for configuration, network [^)]*, service cri\)$/,
    )
    expect(files?.added).toEqual([])
    expect(files?.gone.filter((path) => !path.startsWith('tailscale!'))).toEqual([])
  })
})
