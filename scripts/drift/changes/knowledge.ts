// Known differences of Talos versions (harness/talos/quirks.ts): the command line, installable files, published images.
import type { CapabilityDescription } from '#harness/talos/description/description.ts'
import type { Quirks } from '#harness/talos/quirks.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { change, compareNames, list, type Change } from './change.ts'
import { RULES_OF } from './capability-rules.ts'

type Known = CapabilityDescription['known']

export function knowledgeChanges(
  was: CapabilityDescription,
  is: CapabilityDescription,
  contract: Contract,
): readonly Change[] {
  const fresh = is.unknown.filter((name) => !was.unknown.includes(name))
  // What media alone are judged by stops no verdict on an image: their rules say so where one is judged.
  const unknown = fresh.every((name) => OF_MEDIA.has(name)) ? [] : fresh
  return [
    ...(unknown.length === 0 ? [] : [unknownChange(unknown)]),
    ...comparable(was.known, is.known).flatMap(
      (name) => CHANGES[name]?.(was.known, is.known, contract) ?? otherChange(name, was.known, is.known),
    ),
  ]
}

function unknownChange(names: readonly (keyof Quirks)[]): Change {
  const rules = [...new Set(names.flatMap((name) => RULES_OF[name]))].toSorted()
  return change(
    'knowledge.unknown',
    'knowledge',
    'breaks',
    `how this release differs has not been read: ${list(names)}; ${list(rules, 12)} cannot be judged, and nothing can be built`,
    { names, rules, action: 'wait for a version of this project that knows the release, or read upstream’s sources' },
  )
}

/** Capabilities that both know, and that differ. */
function comparable(was: Known, is: Known): readonly (keyof Quirks)[] {
  const names = Object.keys(is).filter((name): name is keyof Quirks => name in was)
  return names.filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]))
}

/** Any other capability that differs, except those that an image or a medium shows by itself. */
function otherChange(name: keyof Quirks, was: Known, is: Known): readonly Change[] {
  if (SHOWN.has(name) || OF_MEDIA.has(name)) return []
  const show = (known: Known): string => JSON.stringify(known[name]) ?? 'none'
  const detail = { was: show(was), is: show(is), rules: RULES_OF[name] }
  return [change(`knowledge.${name}`, 'knowledge', 'note', `${name} is ${show(is)}`, detail)]
}

const OF_MEDIA: ReadonlySet<keyof Quirks> = new Set(['diskEnrollsKeys', 'diskGuids', 'isoHasGrub', 'isoHasRandomSeed'])
const SHOWN: ReadonlySet<keyof Quirks> = new Set(['initAliases', 'publishesInstaller'])

type Compare = (was: Known, is: Known, contract: Contract) => readonly Change[]

/** `value → undefined` where one release has nothing of the kind. */
const text = (value: unknown): string => (value === undefined ? 'none' : String(value))

const CHANGES: Readonly<Partial<Record<keyof Quirks, Compare>>> = {
  metalArm64CommandLine: (was, is, contract) => {
    const argumentsOf = ({ metalArm64CommandLine = '' }: Known) => metalArm64CommandLine.split(' ')
    const { gone, added } = compareNames(argumentsOf(was), argumentsOf(is))
    return [
      ...gone.map((argument) => argumentChange(argument, 'gone', contract)),
      ...added.map((argument) => argumentChange(argument, 'added', contract)),
    ]
  },
  secureBootArguments: (was, is, { secureBoot }) => {
    if (!secureBoot) return []
    const show = ({ secureBootArguments = [] }: Known) => secureBootArguments.join(' ') || 'nothing'
    return [
      change('secureBoot.arguments', 'command line', 'decide', `with SecureBoot imager adds ${show(is)}`, {
        was: show(was),
        is: show(is),
        rules: ['UKI-005'],
        contract: ['extraKernelArguments'],
        action: 'decide whether the images need lockdown, and add lockdown=integrity to extraKernelArguments then',
      }),
    ]
  },
  extensionPrefixes: (was, is) => {
    const { gone, added } = compareNames(was.extensionPrefixes ?? [], is.extensionPrefixes ?? [])
    const make = (id: string, names: readonly string[], sentence: string): readonly Change[] =>
      names.length === 0 ? [] : [change(id, 'extensions', 'note', sentence, { names, rules: ['EXT-007'] })]
    return [
      ...make('prefixes.gone', gone, `extensions may no longer install to ${list(gone)}`),
      ...make('prefixes.added', added, `extensions may also install to ${list(added)}`),
    ]
  },
  installerRootfsType: (was, is) => [
    change(
      'images.rootfsType',
      'images',
      'note',
      `imager writes rootfs.type ${JSON.stringify(is.installerRootfsType)}`,
      {
        was: JSON.stringify(was.installerRootfsType),
        is: JSON.stringify(is.installerRootfsType),
        rules: ['REL-005'],
      },
    ),
  ],
  tailscaleBringsIptables: (was, is) => [
    change('tailscale.root', 'extensions', 'note', 'tailscale has a root filesystem and iptables of its own', {
      was: text(was.tailscaleBringsIptables),
      is: text(is.tailscaleBringsIptables),
      rules: ['EXT-013'],
    }),
  ],
  optionalServices: (was, is) => {
    const { gone, added } = compareNames(was.optionalServices ?? [], is.optionalServices ?? [])
    const names = [...gone.map((name) => `no ${name}`), ...added]
    return [
      change('services.optional', 'root filesystem', 'note', `services that a configuration turns on: ${list(names)}`, {
        names,
        rules: ['EXT-015'],
        config: ['SecurityProfileConfig'],
      }),
    ]
  },
  moduleEnforcement: (was, is) => [
    change('kernel.enforcement', 'kernel', 'note', `unsigned modules are refused by ${text(is.moduleEnforcement)}`, {
      was: text(was.moduleEnforcement),
      is: text(is.moduleEnforcement),
      rules: ['KRN-004'],
    }),
  ],
  embeddedConfigMode: (was, is, { virtualExtensions }) => {
    const show = ({ embeddedConfigMode: mode }: Known): string =>
      mode === undefined ? 'none' : `mode 0${mode.toString(8).padStart(3, '0')}`
    return [
      change('images.embeddedConfig', 'images', 'note', `an embedded machine configuration: ${show(is)}`, {
        was: show(was),
        is: show(is),
        contract: virtualExtensions.includes('embedded-config') ? ['virtualExtensions'] : [],
      }),
    ]
  },
  splash: (was, is, contract) => {
    const show = ({ splash }: Known): string => (splash === undefined ? 'none' : `${splash.size} bytes`)
    return [
      change('images.splash', 'images', 'note', 'the picture of imager’s boot menu is another', {
        was: show(was),
        is: show(is),
        rules: ['UKI-012'],
        contract: contract.splash === undefined ? [] : ['splash'],
      }),
    ]
  },
  profileFields: (was, is) => {
    const { gone, added } = compareNames(was.profileFields ?? [], is.profileFields ?? [])
    const names = [...gone, ...added]
    const verb = gone.length > 0 ? 'no longer has' : 'has'
    return [change('images.profile', 'images', 'note', `a profile of imager ${verb} ${list(names)}`, { names })]
  },
}

/** The change of one kernel argument; the contract must be looked at again where it adds or removes the same one. */
export function argumentChange(
  argument: string,
  direction: 'gone' | 'added',
  { extraKernelArguments }: Contract,
): Change {
  const [name = ''] = argument.split('=')
  const own = extraKernelArguments.filter((extra) => extra.replace(/^-/, '').split('=')[0] === name)
  const sentence =
    direction === 'gone' ? `the command line no longer has ${argument}` : `the command line also has ${argument}`
  return change(`argument.${argument}`, 'command line', own.length > 0 ? 'decide' : 'note', sentence, {
    [direction === 'gone' ? 'was' : 'is']: argument,
    rules: ['UKI-005'],
    contract: own.length > 0 ? ['extraKernelArguments'] : [],
    action: own.length > 0 ? `look at ${own.join(' ')} in extraKernelArguments again` : '',
  })
}
