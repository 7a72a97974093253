// Contradictions in a lock: two facts under one name, and facts that say different things of one release.
import type { Lock } from './lock-schema.ts'

export type Contradiction = { readonly path: readonly (string | number)[]; readonly message: string }

type Named = { readonly name: string; readonly path: Contradiction['path'] }

const FIRMWARE_FOLDER = 'usr/lib/firmware/'
const TALOS_TAG = /:(v\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)(?:@sha256:[0-9a-f]{64})?$/
const DIGEST_OF_REFERENCE = /@(sha256:[0-9a-f]{64})$/
/** Members of installerBase.config that name the release: a label and a variable. */
const VERSION_LABEL = 'alpha.talos.dev/version'
const VERSION_VARIABLE = 'VERSION='
/** NumberOfSections in the 20 bytes of the file header. */
const SECTION_COUNT = { start: 4, end: 8 }

/** Every contradiction, each with the place of the later fact. */
export function contradictionsOf(lock: Lock): readonly Contradiction[] {
  return [
    ...twice(named('extensions', lock.extensions)),
    ...twice(named('overlays', lock.overlays)),
    ...(lock.extensions ?? []).flatMap(({ firmware }, index) => firmwareOf(firmware ?? [], index)),
    ...imagesOf(lock).flatMap(([path, image]) => digestOfReference(path, image)),
    ...releasesOf(lock),
    ...stubOf(lock.systemdStub),
  ]
}

function named(list: 'extensions' | 'overlays', members: readonly { readonly name: string }[] = []): readonly Named[] {
  return members.map(({ name }, index) => ({ name, path: [list, index, 'name'] }))
}

function twice(members: readonly Named[]): readonly Contradiction[] {
  const seen = new Set<string>()
  return members.flatMap(({ name, path }) => {
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    return [{ path, message: `expected one ${String(path[0]).replace(/s$/, '')} ${name}, got two` }]
  })
}

function firmwareOf(firmware: readonly { readonly path: string }[], extension: number): readonly Contradiction[] {
  const at = (index: number) => ['extensions', extension, 'firmware', index, 'path']
  return [
    ...twice(firmware.map(({ path }, index) => ({ name: path, path: at(index) }))),
    ...firmware.flatMap(({ path }, index) =>
      path.startsWith(FIRMWARE_FOLDER)
        ? []
        : [{ path: at(index), message: `expected ${FIRMWARE_FOLDER}…, got ${path}` }],
    ),
  ]
}

type Image = { readonly reference: string; readonly digest: string }

function imagesOf(lock: Lock): readonly (readonly [Contradiction['path'], Image])[] {
  const { installerBase, imager, kernelImage, installer, catalogue, reference, extensions = [], overlays = [] } = lock
  const single = Object.entries({ installerBase, imager, kernelImage, installer, catalogue, reference })
  return [
    ...single.flatMap(([name, image]) => (image === undefined ? [] : [[[name], image] as const])),
    ...extensions.map((image, index) => [['extensions', index], image] as const),
    ...overlays.map((image, index) => [['overlays', index], image] as const),
  ]
}

function digestOfReference(path: Contradiction['path'], { reference, digest }: Image): readonly Contradiction[] {
  const said = DIGEST_OF_REFERENCE.exec(reference)?.[1]
  if (said === undefined || said === digest) return []
  return [{ path: [...path, 'digest'], message: `expected ${said} as in the reference, got ${digest}` }]
}

/**
 * Talos' own images have the release in their tags, and installer-base in its configuration. That the catalogue is of
 * this release is for SUP-004.
 */
function releasesOf({ talos, installerBase, imager, installer }: Lock): readonly Contradiction[] {
  if (talos === undefined) return []
  const tags = Object.entries({ installerBase, imager, installer }).map(
    ([name, image]) => [[name, 'reference'], TALOS_TAG.exec(image?.reference ?? '')?.[1]] as const,
  )
  const { Labels: labels, Env: variables } = installerBase?.config ?? {}
  const label = isRecord(labels) ? labels[VERSION_LABEL] : undefined
  const variable = Array.isArray(variables)
    ? variables.findLast((one) => typeof one === 'string' && one.startsWith(VERSION_VARIABLE))
    : undefined
  const said = [
    ...tags,
    [['installerBase', 'config', 'Labels', VERSION_LABEL], label] as const,
    [['installerBase', 'config', 'Env'], variable?.toString().slice(VERSION_VARIABLE.length)] as const,
  ]
  return said.flatMap(([path, release]) =>
    release === undefined || release === talos
      ? []
      : [{ path, message: `expected ${talos} as in talos, got ${JSON.stringify(release)}` }],
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The headers' count of sections, their order in memory, and that they fit into the file. */
function stubOf(stub: Lock['systemdStub']): readonly Contradiction[] {
  if (stub === undefined) return []
  const { fileHeader, sections, size } = stub
  const count = Buffer.from(fileHeader.slice(SECTION_COUNT.start, SECTION_COUNT.end), 'hex').readUInt16LE()
  const stored = sections.reduce((sum, { rawSize }) => sum + rawSize, 0)
  const overlapping = sections.findIndex(({ address }, index) => address < endOf(sections[index - 1]))
  return [
    ...(count === sections.length
      ? []
      : [{ path: ['systemdStub', 'sections'], message: `expected ${count} as in fileHeader, got ${sections.length}` }]),
    ...(stored <= size ? [] : [{ path: ['systemdStub', 'size'], message: `expected at least ${stored}, got ${size}` }]),
    ...(overlapping < 0
      ? []
      : [{ path: ['systemdStub', 'sections', overlapping], message: 'expected it behind the section before it' }]),
  ]
}

function endOf(section: { readonly address: number; readonly size: number } | undefined): number {
  return section === undefined ? 0 : section.address + section.size
}
