// Changes that two images show by themselves: what boots, the extensions, drivers, firmware, base, signer, sizes.
import type { Contract } from '#specs/contract/contract.ts'
import type { BootDescription, ExtensionDescription } from '#harness/talos/description/schema.ts'
import { moduleName } from '#harness/formats/modules/index.ts'
import { formatSize } from '../judge/outputs/size.ts'
import { change, changed, compareNames, count, list, type Change } from '../drift/changes/change.ts'
import { sharedChanges } from '../drift/changes/extensions.ts'
import { kernelChanges } from '../drift/changes/kernel.ts'
import { argumentChange } from '../drift/changes/knowledge.ts'
import { comparePackages, systemChanges } from '../drift/changes/system.ts'
import type { ImageFacts } from './facts.ts'

export function imageChanges(was: ImageFacts, is: ImageFacts, contract: Contract): readonly Change[] {
  // A folder with boot files may not say its release: its extensions are compared as those of the other side's.
  const sides = [was, is].map(({ talos = was.talos ?? is.talos ?? '', extensions }) => ({ talos, extensions })) as [
    Sides,
    Sides,
  ]
  const names = [...new Set([...was.extensions, ...is.extensions].map(({ name }) => name))].toSorted()
  return [
    ...kernelChanges(was.boot, is.boot, contract),
    ...systemChanges(...shared(was, is), is.talos ?? ''),
    ...commandLineChanges(was, is, contract),
    ...extensionSetChanges(was.extensions, is.extensions),
    ...sharedChanges(names, ...sides, contract),
    ...packageChanges(was.extensions, is.extensions),
    ...aliasChanges(was, is),
    ...firmwareChanges(was, is),
    ...contentChanges(was, is),
    ...sizeChange(was, is),
  ]
}

/** Other bytes of one release, which versions and names do not show: a part of the boot that is not upstream's, or not built as before. */
function contentChanges(was: ImageFacts, is: ImageFacts): readonly Change[] {
  if (was.talos !== is.talos) return []
  const differing = Object.keys(is.contents).filter(
    (name) => was.contents[name] !== undefined && was.contents[name] !== is.contents[name],
  )
  if (differing.length === 0) return []
  return [
    change('contents', 'images', 'note', `the same release, other bytes: ${list(differing)}`, {
      names: differing,
      rules: ['KRN-005', 'INI-002', 'UKI-010', 'UKI-011'],
    }),
  ]
}

/** Programs that a boot medium or an asset tree has not are not compared. */
function shared(was: ImageFacts, is: ImageFacts): [BootDescription, BootDescription] {
  const both = (name: 'stub' | 'boot'): boolean =>
    was.boot.systemd[name] !== undefined && is.boot.systemd[name] !== undefined
  const only = ({ boot }: ImageFacts): BootDescription => ({
    ...boot,
    systemd: {
      ...(both('stub') && { stub: boot.systemd.stub }),
      ...(both('boot') && { boot: boot.systemd.boot }),
    },
  })
  return [only(was), only(is)]
}

type Sides = { readonly talos: string; readonly extensions: readonly ExtensionDescription[] }

function commandLineChanges(was: ImageFacts, is: ImageFacts, contract: Contract): readonly Change[] {
  const isKnown = [was, is].every(({ uki }) => uki?.commandLine !== undefined)
  const argumentsOf = ({ uki }: ImageFacts): readonly string[] =>
    isKnown ? (uki?.commandLine ?? '').split(/\s+/).filter(Boolean) : []
  const [before, after] = [argumentsOf(was), argumentsOf(is)]
  const { gone, added } = compareNames(before, after)
  const isReordered = gone.length + added.length === 0 && before.join(' ') !== after.join(' ')
  const sections = ({ uki }: ImageFacts): string => (uki?.sections ?? []).join(' ')
  return [
    ...gone.map((argument) => argumentChange(argument, 'gone', contract)),
    ...added.map((argument) => argumentChange(argument, 'added', contract)),
    ...(isReordered
      ? changed(before.join(' '), after.join(' '), () =>
          change(
            'arguments.order',
            'command line',
            'note',
            'the arguments are in another order, or one is there twice',
            {
              rules: ['UKI-005'],
            },
          ),
        )
      : []),
    ...changed(sections(was) || sections(is), sections(is) || sections(was), () =>
      change('uki.sections', 'boot loader', 'note', `the sections of the UKI are ${sections(is) || 'none'}`, {
        rules: ['UKI-002'],
      }),
    ),
    ...([is.splash, undefined].includes(was.splash) || is.splash === undefined
      ? []
      : [
          change('uki.splash', 'boot loader', 'note', 'the picture of the boot menu is another', {
            rules: ['UKI-012'],
          }),
        ]),
  ]
}

function extensionSetChanges(
  was: readonly ExtensionDescription[],
  is: readonly ExtensionDescription[],
): readonly Change[] {
  const { gone, added } = compareNames(
    was.map(({ name }) => name),
    is.map(({ name }) => name),
  )
  const make = (name: string, from: readonly ExtensionDescription[], verb: 'gone' | 'added'): readonly Change[] =>
    from
      .filter((one) => one.name === name)
      .map((extension) =>
        change(
          `extension.${name}.${verb}`,
          'extensions',
          verb === 'gone' ? 'decide' : 'note',
          `${name} ${extension.version} ${verb === 'gone' ? 'is gone' : 'came'}${describeBrings(extension)}`,
          {
            rules: ['EXT-002'],
            contract: ['variants.*.extensions'],
            action: verb === 'gone' ? `find out what of the cluster needs ${name} before the first node goes` : '',
          },
        ),
      )
  return [...gone.flatMap((name) => make(name, was, 'gone')), ...added.flatMap((name) => make(name, is, 'added'))]
}

/** `, with service zfs-service (waits for path /dev/zfs), modules spl and zfs` */
function describeBrings({ services, handlers, modules }: ExtensionDescription): string {
  const parts = [
    ...services.map(
      ({ name, waits }) => `service ${name}${waits.length === 0 ? '' : ` (waits for ${waits.join(', ')})`}`,
    ),
    ...(handlers.length === 0 ? [] : [`runtime handler ${list(handlers)}`]),
    ...(modules.length === 0
      ? []
      : [`${modules.length === 1 ? 'module' : 'modules'} ${list(modules.map(moduleName))}`]),
  ]
  return parts.length === 0 ? '' : `, with ${parts.join(', ')}`
}

/** The packages of the documents that extensions bring, of those that both sides have. */
function packageChanges(was: readonly ExtensionDescription[], is: readonly ExtensionDescription[]): readonly Change[] {
  return is.flatMap(({ name, packages }) => {
    const before = was.find((one) => one.name === name)
    if (before === undefined) return []
    const differing = comparePackages(before.packages, packages)
    if (differing.length === 0) return []
    const sentence = `${count(differing, 'package')} of ${name} changed: ${list(differing)}`
    return [
      change(`extension.${name}.packages`, 'extensions', 'note', sentence, { names: differing, rules: ['EXT-016'] }),
    ]
  })
}

/** Names of devices, as the kernel's uevents have them, and not of protocols or file systems. */
const DEVICE = /^[a-z0-9_]+:/

/** Devices that a module drove and none does now. */
function aliasChanges(was: ImageFacts, is: ImageFacts): readonly Change[] {
  const all = ({ aliases }: ImageFacts): ReadonlySet<string> => new Set(Object.values(aliases).flat())
  const [before, after] = [all(was), all(is)]
  const lost = Object.entries(was.aliases).flatMap(([module, aliases]) => {
    const gone = aliases.filter((alias) => DEVICE.test(alias) && !after.has(alias))
    return gone.length === 0 ? [] : [{ module, gone }]
  })
  const won = Object.entries(is.aliases).flatMap(([module, aliases]) => {
    const added = aliases.filter((alias) => DEVICE.test(alias) && !before.has(alias))
    return added.length === 0 || was.aliases[module] === undefined ? [] : [`${module}: ${list(added, 3)}`]
  })
  // Drivers that became part of the kernel have no aliases among the modules.
  const isBuiltIn = (module: string): boolean => is.boot.kernel.options[module.toUpperCase()] === 'y'
  const missed = lost
    .filter(({ module }) => !isBuiltIn(module))
    .map(({ module, gone }) => `${module}: ${list(gone, 3)}`)
  return [
    ...(missed.length === 0
      ? []
      : [
          change('aliases.gone', 'modules', 'decide', `${count(missed, 'driver')} lost devices: ${list(missed, 4)}`, {
            names: missed,
            rules: ['MOD-003'],
            action: 'a node with one of these devices boots without it: look at lspci and lsusb of the nodes',
          }),
        ]),
    ...(won.length === 0
      ? []
      : [
          change('aliases.added', 'modules', 'note', `${count(won, 'driver')} took more devices: ${list(won, 4)}`, {
            names: won,
          }),
        ]),
  ]
}

function firmwareChanges(was: ImageFacts, is: ImageFacts): readonly Change[] {
  const hashes = ({ firmware }: ImageFacts) => new Map(firmware.map(({ path, sha256 }) => [path, sha256]))
  const [before, after] = [hashes(was), hashes(is)]
  const { gone, added } = compareNames(before.keys(), after.keys())
  const other = [...after.keys()].filter((path) => before.has(path) && before.get(path) !== after.get(path)).toSorted()
  const make = (id: string, names: readonly string[], verb: string, effect: Change['effect'], action = '') =>
    names.length === 0
      ? []
      : [
          change(id, 'extensions', effect, `${count(names, 'firmware file')} ${verb}: ${list(names)}`, {
            names,
            rules: ['EXT-017'],
            action,
          }),
        ]
  return [
    ...make(
      'firmware.gone',
      gone,
      'went',
      'decide',
      'a device whose driver asks for one does not start: look at the nodes',
    ),
    ...make('firmware.added', added, 'came', 'note'),
    ...make('firmware.changed', other, 'changed', 'note'),
  ]
}

function sizeChange(was: ImageFacts, is: ImageFacts): readonly Change[] {
  const show = ({ sizes: { all, kernel, base, extensions } }: ImageFacts): string =>
    [
      ...(all === undefined ? [] : [formatSize(all)]),
      `kernel ${formatSize(kernel)}`,
      `base ${formatSize(base)}`,
      `extensions ${formatSize(extensions)}`,
    ].join(', ')
  const sum = ({ sizes: { kernel, base, extensions } }: ImageFacts): number => kernel + base + extensions
  // A bare UKI and an asset tree have no layers: their size is compared with nothing.
  const isStoredAlike = [was.sizes.all, is.sizes.all].includes(undefined) || was.sizes.all === is.sizes.all
  if (isStoredAlike && (['kernel', 'base', 'extensions'] as const).every((part) => was.sizes[part] === is.sizes[part]))
    return []
  const grown = sum(is) - sum(was)
  const sentence = `what boots is ${formatSize(Math.abs(grown))} ${grown < 0 ? 'smaller' : 'bigger'}`
  return [change('sizes', 'images', 'note', sentence, { was: show(was), is: show(is) })]
}
