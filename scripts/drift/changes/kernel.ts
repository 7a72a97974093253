// Kernel: its release, the options that the contract names, those that became modules or went, the modules themselves.
import { moduleName } from '#harness/formats/modules/index.ts'
import type { BootDescription } from '#harness/talos/description/schema.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { change, changed, compareNames, count, list, type Change } from './change.ts'

/** Every release has another: their names carry the version, or nothing depends on them. */
const IGNORED_OPTIONS = /^(CC_VERSION_TEXT|(CC|GCC|CLANG|LD|LLD|AS|RUSTC|PAHOLE)_VERSION|.*_VERSION_TEXT)$/

export function kernelChanges(was: BootDescription, is: BootDescription, contract: Contract): readonly Change[] {
  const [before, after] = [was.kernel, is.kernel]
  return [
    ...changed(before.release, after.release, () =>
      change('kernel.release', 'kernel', 'note', `the kernel is ${after.release ?? 'of no known release'}`, {
        rules: ['KRN-003', 'MOD-001', 'ROOT-002'],
      }),
    ),
    ...changed(before.compiler, after.compiler, () =>
      change('kernel.compiler', 'kernel', 'note', `the kernel is built by ${after.compiler ?? 'an unknown compiler'}`),
    ),
    ...optionChanges(was, is, contract),
    ...moduleChanges(was, is, contract),
  ]
}

function optionChanges(was: BootDescription, is: BootDescription, contract: Contract): readonly Change[] {
  const { builtIn, builtInOrModule, off } = contract.kernel
  const decided = new Set([...builtIn, ...Object.keys(builtInOrModule), ...off])
  const names = new Set([...Object.keys(was.kernel.options), ...Object.keys(is.kernel.options)])
  const differing = [...names]
    .filter((name) => was.kernel.options[name] !== is.kernel.options[name] && !IGNORED_OPTIONS.test(name))
    .toSorted()
  const valueOf = ({ kernel }: BootDescription, name: string): string => kernel.options[name] ?? 'n'
  const groups = { modular: [] as string[], builtIn: [] as string[], gone: [] as string[], added: [] as string[] }
  const single: Change[] = []
  for (const name of differing) {
    const [before, after] = [valueOf(was, name), valueOf(is, name)]
    if (decided.has(name) || name === ENFORCEMENT) single.push(decidedOption(name, before, after, is, contract))
    else if (before === 'y' && after === 'm') groups.modular.push(name)
    else if (before === 'm' && after === 'y') groups.builtIn.push(name)
    else if (after === 'n') groups.gone.push(name)
    else if (before === 'n') groups.added.push(name)
  }
  return [...single, ...optionGroups(groups)]
}

const ENFORCEMENT = 'MODULE_SIG_FORCE'

function decidedOption(name: string, was: string, is: string, after: BootDescription, contract: Contract): Change {
  const about = (effect: Change['effect'], sentence: string, entry: string, action = ''): Change =>
    change(`option.${name}`, 'kernel', effect, sentence, { was, is, rules: ['KRN-004'], contract: [entry], action })
  const { builtIn, builtInOrModule } = contract.kernel
  if (name === ENFORCEMENT) return { ...about('note', enforcementSentence(is), ''), contract: [] }
  if (builtIn.includes(name)) {
    if (is === 'y') return about('note', `${name} is built in again`, 'kernel.builtIn')
    const action =
      is === 'm'
        ? `move ${name} from kernel.builtIn to kernel.builtInOrModule, with the name of its module`
        : `find out who needs ${name}: without it the image must not be used`
    return about(
      'breaks',
      `${name} is ${is === 'm' ? 'a module' : 'off'}, the contract wants it built in`,
      'kernel.builtIn',
      action,
    )
  }
  const module = builtInOrModule[name]
  if (module !== undefined) {
    const isThere = after.modules.some((one) => one.name === moduleName(module))
    if (is === 'y' || (is === 'm' && isThere))
      return about('note', `${name} is ${is === 'y' ? 'built in' : 'a module'}`, 'kernel.builtInOrModule')
    const sentence = is === 'm' ? `${name} is a module, and the root filesystem has no ${module}` : `${name} is off`
    return about('breaks', sentence, 'kernel.builtInOrModule', `find out who needs ${name}`)
  }
  const isOff = is === 'n'
  return about(
    isOff ? 'note' : 'breaks',
    isOff ? `${name} is off` : `${name} is ${is}, the contract wants it off`,
    'kernel.off',
    isOff ? '' : `decide whether ${name} may be on, and take it from kernel.off then`,
  )
}

function enforcementSentence(is: string): string {
  return is === 'y'
    ? 'the kernel refuses unsigned modules by its configuration'
    : 'the kernel refuses unsigned modules by its command line only'
}

type OptionGroups = Readonly<Record<'modular' | 'builtIn' | 'gone' | 'added', readonly string[]>>

function optionGroups({ modular, builtIn, gone, added }: OptionGroups): readonly Change[] {
  const group = (id: string, names: readonly string[], sentence: string, more: Partial<Change> = {}) =>
    names.length === 0 ? [] : [change(id, 'kernel', 'note', sentence, { names, ...more })]
  return [
    ...group('options.modular', modular, `${count(modular, 'option')} became a module: ${list(modular)}`, {
      config: ['machine.kernel.modules', 'KernelModuleConfig'],
      action: 'a machine configuration that counts on one of them loads its module; udev loads those of devices',
    }),
    ...group('options.builtIn', builtIn, `${count(builtIn, 'option')} came into the kernel: ${list(builtIn)}`),
    ...group('options.gone', gone, `${count(gone, 'option')} went off: ${list(gone)}`),
    ...group('options.added', added, `${count(added, 'option')} came on: ${list(added)}`),
  ]
}

function moduleChanges(was: BootDescription, is: BootDescription, contract: Contract): readonly Change[] {
  const namesOf = ({ modules }: BootDescription) => modules.map(({ name }) => name)
  const { gone, added } = compareNames(namesOf(was), namesOf(is))
  const named = new Set([
    ...Object.values(contract.variants).flatMap(({ kernelModules }) => kernelModules.map(moduleName)),
    ...Object.values(contract.pathsOfModules).map(moduleName),
  ])
  const missed = gone.filter((name) => named.has(name) && !isBuiltIn(was, is, name))
  const others = gone.filter((name) => !missed.includes(name))
  return [
    ...missed.map((name) =>
      change(`module.${name}`, 'modules', 'breaks', `the root filesystem has no module ${name}, which nodes load`, {
        rules: ['CFG-002'],
        contract: ['variants.*.kernelModules'],
        config: ['machine.kernel.modules'],
        action: `find out where ${name} is now, or leave it out of kernelModules`,
      }),
    ),
    ...(others.length === 0
      ? []
      : [
          change('modules.gone', 'modules', 'note', `${count(others, 'module')} went: ${list(others)}`, {
            names: others,
            rules: ['MOD-003'],
          }),
        ]),
    ...(added.length === 0
      ? []
      : [
          change('modules.added', 'modules', 'note', `${count(added, 'module')} came: ${list(added)}`, {
            names: added,
            rules: ['MOD-003'],
          }),
        ]),
  ]
}

/** A module that went because its option is built in now is no loss. */
function isBuiltIn(was: BootDescription, is: BootDescription, name: string): boolean {
  const option = name.toUpperCase()
  return was.kernel.options[option] === 'm' && is.kernel.options[option] === 'y'
}
