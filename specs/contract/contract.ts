// The decisions of a person about the images: contract.yaml, or the file given with --contract.
import { readFileSync } from 'node:fs'
import semver from 'semver'
import type { z } from 'zod'
import { parseYaml } from '#harness/formats/yaml/document.ts'
import { talosBase } from '#harness/talos/talos-version.ts'
import { contractFields } from './decisions/fields.ts'
import type { variantSchema } from './decisions/variant.ts'
import { validateDocument, type Found } from './findings/document.ts'

/** Digest of the lock's canonical bytes (`formatLock`) that an image was built from. */
export const LOCK_LABEL = 'io.cozystack.talos.lock'

/** Keys of a contract that extend the shipped one key by key; the others replace the shipped one's. */
const MERGED: readonly string[] = ['gateways', 'kernel', 'labels', 'upstream', 'signing']

const SHIPPED = new URL('contract.yaml', import.meta.url)

/**
 * True if a release is in the contract's range. A pre-release must be in it by itself and by its minor: `<1.15.0` does
 * not admit v1.15.0-alpha.0, though that comes before v1.15.0.
 */
export function admitsTalos({ talos: range }: Pick<Contract, 'talos'>, talos: string): boolean {
  const version = talosBase(talos)
  if (version === undefined) return false
  const { major, minor, patch } = version
  return [version, `${major}.${minor}.${patch}`].every((one) =>
    semver.satisfies(one, range, { includePrerelease: true }),
  )
}

/** The extensions of all variants that upstream's catalogue of the release must list, each once, sorted. */
export function extensionNames({ variants }: Pick<Contract, 'variants'>): readonly string[] {
  const own = new Set([...ownExtensions({ variants }), ...heldExtensions({ variants })].map(({ name }) => name))
  const names = new Set(Object.values(variants).flatMap(({ extensions }) => extensions))
  return [...names].filter((name) => !own.has(name)).toSorted()
}

/** The extensions of the contract's own, each once. */
export function ownExtensions({ variants }: Pick<Contract, 'variants'>): readonly OwnExtension[] {
  return [...new Map(Object.values(variants).flatMap(({ own = [] }) => own.map((one) => [one.name, one]))).values()]
}

/** Extensions of upstream’s that the contract holds back at an older release, each once. */
export function heldExtensions({ variants }: Pick<Contract, 'variants'>): readonly HeldExtension[] {
  return [...new Map(Object.values(variants).flatMap(({ held = [] }) => held.map((one) => [one.name, one]))).values()]
}

/** The image that kernel and base initramfs are taken from, where it is not upstream’s imager. */
export function ownKernel({ kernel: { image, signer } }: Pick<Contract, 'kernel'>): OwnKernel | undefined {
  return image === undefined || signer === undefined ? undefined : { image, signer }
}

/** Kernel arguments of the board's overlay, where the contract names one. */
export function overlayArguments({ overlays = [] }: Pick<Contract, 'overlays'>): readonly string[] {
  return overlays.flatMap((overlay) => overlay.arguments ?? [])
}

export type Contract = Readonly<Omit<z.infer<typeof contractFields>, 'extends'>>
export type OwnExtension = NonNullable<z.infer<typeof variantSchema>['own']>[number]
export type HeldExtension = NonNullable<z.infer<typeof variantSchema>['held']>[number]
export type OwnKernel = Pick<OwnExtension, 'image' | 'signer'>
export type Variant = Readonly<z.infer<typeof variantSchema>>

/**
 * A contract file (YAML), with the keys that it leaves out. SchemaError with every issue, each with its line and
 * column; FormatError MALFORMED when it is no YAML.
 */
export function parseContract(bytes: Uint8Array, path: string): Contract {
  const where = { path }
  const given = parseYaml(bytes, where)
  const value = withCount(isMap(given) && given['extends'] === 'default' ? extendShipped(given) : given)
  const contract = validateDocument('contract', contractFields, value, { bytes, where, found: contradictions(value) })
  const { extends: _, ...rest } = contract
  return rest
}

type Map = Readonly<Record<string, unknown>>

function isMap(value: unknown): value is Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function extendShipped(given: Map): Map {
  const shipped = parseYaml(readFileSync(SHIPPED), { path: 'specs/contract/contract.yaml' }) as Map
  const merged = MERGED.flatMap((key) => {
    const [own, from] = [given[key], shipped[key]]
    return isMap(own) && isMap(from) ? [[key, { ...from, ...own }] as const] : []
  })
  return { ...shipped, ...given, ...Object.fromEntries(merged) }
}

/** The number of gateways where it is not given: one where a variant has that role. */
function withCount(given: unknown): unknown {
  if (!isMap(given) || !isMap(given['variants'])) return given
  const isOne = Object.values(given['variants']).some((variant) => isMap(variant) && variant['role'] === 'gateway')
  const { gateways = {} } = given
  return isMap(gateways) ? { ...given, gateways: { count: Number(isOne), ...gateways } } : given
}

/** What several keys of a contract say together and cannot mean; found beside what is wrong with each. */
function contradictions(given: unknown): readonly Found[] {
  if (!isMap(given)) return []
  const { shape } = contractFields
  const { data: kernel } = shape.kernel.safeParse(given['kernel'] ?? {})
  const demanded = new Set([...(kernel?.builtIn ?? []), ...Object.keys(kernel?.builtInOrModule ?? {})])
  const both = (kernel?.off ?? []).filter((option) => demanded.has(option))
  const { data: nodes } = shape.nodes.safeParse(given['nodes'])
  const variants = isMap(given['variants']) ? given['variants'] : {}
  const astray = (nodes ?? []).filter(({ variant }) => !Object.hasOwn(variants, variant))
  const { data: parsed = {} } = shape.variants.safeParse(variants)
  const isIdle = given['secureBootCertificate'] !== undefined && given['secureBoot'] !== true
  return [
    ...both.map((option) => ({ path: ['kernel', 'off'], message: `${option} is demanded as well` })),
    ...astray.map(({ name, variant }) => ({
      path: ['nodes'],
      message: `${name} is of ${variant}, which is no variant`,
    })),
    ...disagreements(parsed).map((name) => ({
      path: ['variants'],
      message: `${name} is another extension in one variant than in another`,
    })),
    ...kernelContradictions(given['kernel'], variants),
    ...(isIdle ? [{ path: ['secureBootCertificate'], message: 'expected secureBoot: true beside it, got false' }] : []),
  ]
}

/** A kernel without who signs it, and modules by another key than upstream’s where the kernel is upstream’s. */
function kernelContradictions(given: unknown, variants: Map): readonly Found[] {
  const kernel = isMap(given) ? given : {}
  const [image, signer] = [kernel['image'] !== undefined, kernel['signer'] !== undefined]
  const keys = Object.entries(variants).flatMap(([variant, one]) => {
    const extensions = isMap(one) && Array.isArray(one['extensions']) ? one['extensions'] : []
    return extensions.flatMap((extension: unknown, index) =>
      isMap(extension) && extension['modulesKey'] !== undefined
        ? [['variants', variant, 'extensions', index, 'modulesKey']]
        : [],
    )
  })
  return [
    ...(image && !signer
      ? [{ path: ['kernel'], message: 'expected signer beside image, which says who signs it' }]
      : []),
    ...(signer && !image ? [{ path: ['kernel', 'signer'], message: 'expected image beside it, got nothing' }] : []),
    ...(image ? [] : keys).map((path) => ({
      path,
      message: 'expected kernel.image, whose kernel has that key: upstream’s loads no module by it',
    })),
  ]
}

/** Names of extensions that are one's own in a variant, and upstream's or others in another one. */
function disagreements(variants: Contract['variants']): readonly string[] {
  const said = new Map<string, Set<string>>()
  for (const { extensions, own = [], held = [] } of Object.values(variants))
    for (const name of extensions) {
      const text = JSON.stringify([...own, ...held].find((one) => one.name === name) ?? name)
      said.set(name, (said.get(name) ?? new Set()).add(text))
    }
  return [...said].flatMap(([name, texts]) => (texts.size > 1 ? [name] : []))
}
