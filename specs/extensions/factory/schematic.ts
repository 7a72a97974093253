// What an image holds, against the schematic that it says it was made from: siderolabs/image-factory
// internal/profile/profile.go, EnhanceFromSchematic @ main of August 2026.
import { isDeepStrictEqual } from 'node:util'
import { MODULES_DEP, type Extensions } from '#harness/talos/extensions.ts'
import { schematicId, writeSchematic } from '#harness/talos/schematic/canonical.ts'
import { parseSchematic, type Schematic } from '#harness/talos/schematic/schematic.ts'
import { parseReference } from '#harness/oci/image/reference.ts'
import { ownExtensions, type Contract } from '../../contract/contract.ts'

type Entry = { readonly name: string; readonly version: string; readonly extraInfo?: string }

/** The entry of extensions.yaml that Image Factory adds. */
export const SCHEMATIC = 'schematic'
const EMBEDDED = 'embedded-config'
/** Upstream's extensions, as the factory's catalogue names them: no other repository is official. */
const OFFICIAL = /^siderolabs\/([a-z0-9][a-z0-9._-]*)$/

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
export function layerFindings(
  { customization }: Schematic,
  entries: readonly Entry[],
  contract: Pick<Contract, 'variants'>,
): readonly string[] {
  const { embeddedMachineConfiguration: config, systemExtensions } = customization
  const { officialExtensions: repositories } = systemExtensions
  const found = entries.map(({ name }) => name).filter((name) => name !== MODULES_DEP)
  const names = extensionNames(repositories, contract, found)
  const unknown = repositories.filter((_, at) => names[at] === undefined)
  const listed = names.map((name, at) => name ?? repositories[at] ?? '')
  const expected = [...listed, SCHEMATIC, ...(config === '' ? [] : [EMBEDDED])]
  const embedded = entries.find(({ name }) => name === EMBEDDED)
  return [
    ...unknown.map(
      (repository) =>
        `expected siderolabs/NAME of an extension of upstream’s, or the repository of one of the contract’s own, got ${JSON.stringify(repository.slice(0, 200))}`,
    ),
    ...(isDeepStrictEqual(found, expected)
      ? []
      : [`expected the extensions ${expected.join(', ')} in this order, got ${found.join(', ')}`]),
    ...(config === '' || embedded === undefined || embedded.version === schematicId(config)
      ? []
      : [`expected the configuration ${schematicId(config)}, got ${embedded.version}`]),
  ]
}

/**
 * Names of extensions by what a schematic calls them, which the factory compares whole with the repositories of its
 * catalogues (internal/profile, findExtension): upstream's, `found` being there, and those of one's own, which a factory of
 * one's own may have (internal/artifacts, ExtraExtensionManifestImage). Undefined for any other.
 */
export function extensionNames(
  repositories: readonly string[],
  contract: Pick<Contract, 'variants'>,
  found: readonly string[] = [],
): readonly (string | undefined)[] {
  const own = new Map(ownExtensions(contract).map(({ name, image }) => [repositoryOf(image), name]))
  const names = new Set(own.values())
  return repositories.map((repository) => {
    const mine = own.get(repository)
    if (mine !== undefined) return mine
    const [, name] = OFFICIAL.exec(repository) ?? []
    // Upstream's of that name is another extension than the contract's own.
    if (name === undefined || names.has(name)) return undefined
    return found.includes(name) ? name : (ALIASES[name] ?? name)
  })
}

/** The repository of an image below its registry. */
function repositoryOf(image: string): string {
  const reference = parseReference(image)
  return reference.kind === 'registry' ? reference.repository : image
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
