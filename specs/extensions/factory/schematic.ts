// What an image holds, against the schematic that it says it was made from: siderolabs/image-factory
// internal/profile/profile.go, EnhanceFromSchematic @ main of August 2026.
import { isDeepStrictEqual } from 'node:util'
import { MODULES_DEP, type Extensions } from '#harness/talos/extensions.ts'
import { schematicId, writeSchematic } from '#harness/talos/schematic/canonical.ts'
import { parseSchematic, type Schematic } from '#harness/talos/schematic/schematic.ts'
import type { Contract } from '../../contract/contract.ts'

type Entry = { readonly name: string; readonly version: string; readonly extraInfo?: string }

/** The entry of extensions.yaml that Image Factory adds. */
export const SCHEMATIC = 'schematic'
const EMBEDDED = 'embedded-config'

/** ExtensionNameAlias: names that the factory takes for others, where it has none of the name. */
const ALIASES: Readonly<Record<string, string>> = {
  'v4l-uvc': 'v4l-uvc-drivers',
  'usb-modem': 'usb-modem-drivers',
  gasket: 'gasket-driver',
  'talos-vmtoolsd': 'vmtoolsd-guest-agent',
  'xe-guest-utilities': 'xen-guest-agent',
  'nvidia-container-toolkit': 'nvidia-container-toolkit-lts',
  'nvidia-open-gpu-kernel-modules': 'nvidia-open-gpu-kernel-modules-lts',
  'nonfree-kmod-nvidia': 'nonfree-kmod-nvidia-lts',
  'nvidia-fabricmanager': 'nvidia-fabric-manager-lts',
  'i915-ucode': 'i915',
  'amdgpu-firmware': 'amdgpu',
}

/** The entry of the schematic, undefined where there is none, and all entries. */
export async function schematicIn(extensions: Extensions) {
  const layers = (await extensions.layers()).map(({ metadata }) => metadata)
  return { entry: layers.find(({ name }) => name === SCHEMATIC), layers }
}

/** The schematic in an entry of extensions.yaml; errors of `parseSchematic`. */
export function schematicOf({ name, extraInfo = '' }: Entry): Schematic {
  return parseSchematic(Buffer.from(extraInfo), `extensions.yaml!${name}`)
}

/** FormatError UNSUPPORTED where it is not known how Go writes it. */
export function canonicalFindings(schematic: Schematic, extraInfo: string): readonly string[] {
  const canonical = writeSchematic(schematic)
  return canonical === extraInfo ? [] : [`not as Image Factory writes it, of the id ${schematicId(canonical)}`]
}

/** Entries of extensions.yaml in their order: those that the schematic lists, itself, a configuration; the module index aside. */
export function layerFindings({ customization }: Schematic, entries: readonly Entry[]): readonly string[] {
  const { embeddedMachineConfiguration: config, systemExtensions } = customization
  const found = entries.map(({ name }) => name).filter((name) => name !== MODULES_DEP)
  const listed = extensionNames(systemExtensions.officialExtensions, found)
  const expected = [...listed, SCHEMATIC, ...(config === '' ? [] : [EMBEDDED])]
  const embedded = entries.find(({ name }) => name === EMBEDDED)
  return [
    ...(isDeepStrictEqual(found, expected)
      ? []
      : [`expected the extensions ${expected.join(', ')} in this order, got ${found.join(', ')}`]),
    ...(config === '' || embedded === undefined || embedded.version === schematicId(config)
      ? []
      : [`expected the configuration ${schematicId(config)}, got ${embedded.version}`]),
  ]
}

/** Repositories below the factory's namespace as names of extensions: as the factory finds them, `found` being there. */
export function extensionNames(repositories: readonly string[], found: readonly string[] = []): readonly string[] {
  return repositories.map((repository) => {
    const name = repository.slice(repository.lastIndexOf('/') + 1)
    return found.includes(name) ? name : (ALIASES[name] ?? name)
  })
}

/** The board's overlay, which the image holds as the contract says it: INS-006, INS-014. */
export function overlayFindings({ overlay }: Schematic, { overlays = [] }: Contract): readonly string[] {
  const [declared] = overlays
  const expected = {
    name: overlay.name,
    // The factory knows its overlays by name, whatever the repository in the schematic.
    options: asTexts(overlay.options),
  }
  const got = { name: declared?.name ?? '', options: asTexts(declared?.options ?? {}) }
  return isDeepStrictEqual(got, expected) ? [] : [`expected the overlay ${describe(expected)}, got ${describe(got)}`]
}

function asTexts(options: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)]))
}

function describe({ name, options }: { readonly name: string; readonly options: Readonly<Record<string, string>> }) {
  const given = Object.entries(options).map(([option, value]) => `${option}: ${JSON.stringify(value)}`)
  return name === '' ? 'of none' : `${name}${given.length === 0 ? '' : ` with ${given.join(', ')}`}`
}
