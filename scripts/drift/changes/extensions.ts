// The extensions of the contract, one by one, and the names in upstream's catalogue.
import { admitsTalos as admitsExtension } from '#harness/talos/extension/compatibility.ts'
import type { ExtensionDescription, ServiceDescription } from '#harness/talos/description/schema.ts'
import { moduleName } from '#harness/formats/modules/index.ts'
import { extensionNames, type Contract } from '#specs/contract/contract.ts'
import { change, changed, compareNames, count, list, type Change } from './change.ts'

export type ExtensionSide = {
  readonly talos: string
  readonly extensions: readonly ExtensionDescription[]
  /** Names in the catalogue. */
  readonly catalogue: readonly string[]
}

export function extensionChanges(was: ExtensionSide, is: ExtensionSide, contract: Contract): readonly Change[] {
  const wanted = extensionNames(contract)
  const gone = wanted.filter((name) => !is.extensions.some((one) => one.name === name) && !is.catalogue.includes(name))
  return [...gone.map(missing), ...sharedChanges(wanted, was, is, contract), ...catalogueChanges(was, is, wanted)]
}

/** Changes of those of `names` that both sides have. */
export function sharedChanges(
  names: readonly string[],
  was: Omit<ExtensionSide, 'catalogue'>,
  is: Omit<ExtensionSide, 'catalogue'>,
  contract: Contract,
): readonly Change[] {
  const find = ({ extensions }: Pick<ExtensionSide, 'extensions'>, name: string) =>
    extensions.find((one) => one.name === name)
  const rebuilt: string[] = []
  const own = names.flatMap((name) => {
    const [before, after] = [find(was, name), find(is, name)]
    if (before === undefined || after === undefined) return []
    const version = (side: ExtensionDescription, { talos }: Pick<ExtensionSide, 'talos'>) =>
      talos === '' ? side.version : side.version.replace(`-${talos}`, '')
    const versions = [version(before, was), version(after, is)] as const
    if (versions[0] === versions[1] && isOther(before, after)) rebuilt.push(name)
    return [...versionChange(name, ...versions), ...detailChanges(before, after, is.talos, contract)]
  })
  return [...own, ...rebuiltChange(rebuilt)]
}

function missing(name: string): Change {
  return change(`extension.${name}.missing`, 'extensions', 'breaks', `upstream’s catalogue has no ${name}`, {
    rules: ['SUP-004', 'EXT-002'],
    contract: ['variants.*.extensions'],
    action: `wait for ${name}, or decide for the variants without it`,
  })
}

function versionChange(name: string, was: string, is: string): readonly Change[] {
  return changed(was, is, () =>
    change(`extension.${name}.version`, 'extensions', 'note', `${name} is ${is}`, { rules: ['EXT-003', 'EXT-017'] }),
  )
}

function isOther(was: ExtensionDescription, is: ExtensionDescription): boolean {
  return was.content !== is.content || JSON.stringify(was.firmware) !== JSON.stringify(is.firmware)
}

/** Modules are built for every kernel anew, and upstream pushes the others again under their tags. */
function rebuiltChange(names: readonly string[]): readonly Change[] {
  if (names.length === 0) return []
  return [
    change('extensions.rebuilt', 'extensions', 'note', `the same versions, other bytes: ${list(names)}`, {
      names,
      rules: ['EXT-017'],
    }),
  ]
}

function detailChanges(
  was: ExtensionDescription,
  is: ExtensionDescription,
  talos: string,
  contract: Contract,
): readonly Change[] {
  const { name } = is
  const prefix = `extension.${name}`
  return [
    ...(admitsExtension(is.compatibility, talos) ? [] : [incompatible(is, talos)]),
    ...serviceChanges(was, is, contract),
    ...nameChanges(`${prefix}.handlers`, was.handlers, is.handlers, {
      noun: `runtime handlers of ${name}`,
      rules: name === 'spin' ? ['EXT-012'] : [],
      isLoss: () => name === 'spin',
      action: 'workloads name the handler in their RuntimeClass: wait, or leave the extension out',
    }),
    ...nameChanges(`${prefix}.modules`, was.modules.map(moduleName), is.modules.map(moduleName), {
      noun: `modules of ${name}`,
      rules: ['MOD-003', 'CFG-002'],
      isLoss: (module) => Object.values(contract.variants).some((one) => one.kernelModules.includes(module)),
      action: 'a node loads it by name: find out where it is now, or leave it out of kernelModules',
    }),
    ...nameChanges(
      `${prefix}.firmware`,
      was.firmware.map(({ path }) => path),
      is.firmware.map(({ path }) => path),
      { noun: `firmware files of ${name}`, rules: ['EXT-017'], isLoss: () => false, action: '' },
    ),
  ]
}

function incompatible({ name, compatibility }: ExtensionDescription, talos: string): Change {
  return change(`extension.${name}.compatibility`, 'extensions', 'breaks', `${name} does not admit Talos ${talos}`, {
    is: compatibility,
    rules: ['EXT-006'],
    contract: ['variants.*.extensions'],
    action: `wait for another ${name}, or decide for the variants without it`,
  })
}

type Names = {
  readonly noun: string
  readonly rules: readonly string[]
  readonly isLoss: (name: string) => boolean
  readonly action: string
}

function nameChanges(id: string, was: readonly string[], is: readonly string[], about: Names): readonly Change[] {
  const { gone, added } = compareNames(was, is)
  const lost = gone.some(about.isLoss)
  const make = (suffix: string, names: readonly string[], verb: string, breaks: boolean): readonly Change[] => {
    if (names.length === 0) return []
    const detail = { names, rules: about.rules, action: breaks ? about.action : '' }
    return [
      change(
        `${id}.${suffix}`,
        'extensions',
        breaks ? 'breaks' : 'note',
        `${about.noun} ${verb}: ${list(names)}`,
        detail,
      ),
    ]
  }
  return [...make('gone', gone, 'went', lost), ...make('added', added, 'came', false)]
}

function serviceChanges(was: ExtensionDescription, is: ExtensionDescription, contract: Contract): readonly Change[] {
  const find = (side: ExtensionDescription, name: string) => side.services.find((one) => one.name === name)
  const names = [...new Set([...was.services, ...is.services].map(({ name }) => name))].toSorted()
  return names.flatMap((name) => {
    const [before, after] = [find(was, name), find(is, name)]
    if (after === undefined)
      return [change(`service.${name}.gone`, 'extensions', 'note', `${is.name} has no service ${name} any more`)]
    const wanted = (variant: Contract['variants'][string]) => variant.extensions.includes(is.name)
    const promises = Object.values(contract.variants).filter(wanted)
    const { gone, added } = compareNames(before?.waits ?? [], after.waits)
    const unmet = added.filter((wait) => !isPromised(wait, name, promises, contract))
    return [
      ...(before === undefined
        ? [
            change(`service.${name}.added`, 'extensions', 'note', `${is.name} has a service ${name}`, {
              rules: ['EXT-014'],
            }),
          ]
        : []),
      ...(gone.length + added.length === 0 ? [] : [waitChange(name, gone, added, unmet)]),
      ...mountChanges(before, after),
    ]
  })
}

function isPromised(
  wait: string,
  service: string,
  variants: readonly Contract['variants'][string][],
  { pathsOfModules }: Contract,
): boolean {
  if (wait === 'configuration') return variants.every((one) => one.serviceConfigurations.includes(service))
  if (!wait.startsWith('path ')) return true
  const module = pathsOfModules[wait.slice('path '.length)]
  return module !== undefined && variants.every(({ kernelModules }) => kernelModules.includes(module))
}

function waitChange(name: string, gone: readonly string[], added: readonly string[], unmet: readonly string[]): Change {
  const parts = [
    ...(added.length === 0 ? [] : [`waits for ${list(added)}`]),
    ...(gone.length === 0 ? [] : [`no longer waits for ${list(gone)}`]),
  ]
  return change(
    `service.${name}.waits`,
    'extensions',
    unmet.length > 0 ? 'breaks' : 'note',
    `the service ${name} ${parts.join(' and ')}`,
    {
      names: [...added, ...gone.map((wait) => `not ${wait}`)],
      rules: ['EXT-015', 'CFG-001', 'CFG-002'],
      contract: unmet.length > 0 ? ['variants.*.serviceConfigurations', 'pathsOfModules'] : [],
      config: unmet.length > 0 ? ['ExtensionServiceConfig', 'machine.kernel.modules'] : [],
      action:
        unmet.length > 0 ? 'promise it in the contract and give it to the nodes: they reboot every 70 minutes' : '',
    },
  )
}

function mountChanges(was: ServiceDescription | undefined, is: ServiceDescription): readonly Change[] {
  const pathsOf = (service: ServiceDescription | undefined) => (service?.mounts ?? []).map(({ source }) => source)
  const { gone, added } = compareNames(pathsOf(was), pathsOf(is))
  if (was === undefined || gone.length + added.length === 0) return []
  const parts = [
    ...(gone.length === 0 ? [] : [`no longer mounts ${list(gone)}`]),
    ...(added.length === 0 ? [] : [`mounts ${list(added)}`]),
  ]
  return [
    change(
      `service.${is.name}.mounts`,
      'extensions',
      'note',
      `the service ${is.name} ${parts.join(' and ')} of the host`,
      {
        names: [...gone.map((path) => `not ${path}`), ...added],
        rules: ['EXT-014'],
      },
    ),
  ]
}

function catalogueChanges(was: ExtensionSide, is: ExtensionSide, wanted: readonly string[]): readonly Change[] {
  const { gone, added } = compareNames(was.catalogue, is.catalogue)
  const others = gone.filter((name) => !wanted.includes(name))
  const make = (id: string, names: readonly string[], verb: string): readonly Change[] =>
    names.length === 0
      ? []
      : [
          change(id, 'extensions', 'note', `${count(names, 'extension')} ${verb} the catalogue: ${list(names)}`, {
            names,
          }),
        ]
  return [...make('catalogue.gone', others, 'went from'), ...make('catalogue.added', added, 'came into')]
}
