// Other programs that boot: systemd's EFI programs, the root filesystem, the packages in it.
import { posix } from 'node:path'
import type { BootDescription, DescribedPackage } from '#harness/talos/description/schema.ts'
import { change, changed, compareNames, count, list, type Change } from './change.ts'

/** Packages whose versions follow from other facts: the kernel's release, the Talos tag. */
const REPORTED_ELSEWHERE = new Set(['kernel', 'systemd'])

export function systemChanges(was: BootDescription, is: BootDescription, talos: string): readonly Change[] {
  return [
    ...changed(was.systemd.stub, is.systemd.stub, () =>
      change('systemd.stub', 'boot loader', 'note', `systemd-stub is ${is.systemd.stub ?? 'of no known version'}`, {
        rules: ['UKI-001'],
      }),
    ),
    ...changed(was.systemd.boot, is.systemd.boot, () =>
      change('systemd.boot', 'boot loader', 'note', `systemd-boot is ${is.systemd.boot ?? 'of no known version'}`, {
        rules: ['INS-004'],
      }),
    ),
    ...aliasChanges(was, is),
    ...pathChanges(was, is),
    ...packageChanges(was.rootfs.packages, is.rootfs.packages, talos),
  ]
}

function aliasChanges(was: BootDescription, is: BootDescription): readonly Change[] {
  const show = ({ rootfs: { aliases } }: BootDescription): string =>
    [
      ...(aliases.hardLinks.length === 0 ? [] : [`hard links ${aliases.hardLinks.join(' ')}`]),
      ...(aliases.symbolicLinks.length === 0 ? [] : [`symbolic links ${aliases.symbolicLinks.join(' ')}`]),
    ].join(', ')
  return changed(show(was), show(is), () =>
    change('rootfs.aliases', 'root filesystem', 'note', `the other names of init are ${show(is)}`),
  )
}

function pathChanges(was: BootDescription, is: BootDescription): readonly Change[] {
  // Reported above.
  const aliases = new Set(
    [was, is].flatMap(({ rootfs: { aliases: own } }) =>
      [...own.hardLinks, ...own.symbolicLinks].map((name) => `usr/bin/${name}`),
    ),
  )
  const pathsOf = ({ rootfs }: BootDescription) => rootfs.paths.filter((path) => !aliases.has(path))
  const { gone, added } = compareNames(pathsOf(was), pathsOf(is))
  const group = (id: string, paths: readonly string[], verb: string) => {
    // Not what is in a folder that is named itself.
    const names = paths.filter((path) => !paths.includes(posix.dirname(path)))
    return names.length === 0
      ? []
      : [change(id, 'root filesystem', 'note', `${count(names, 'path')} ${verb}: ${list(names, 4)}`, { names })]
  }
  return [...group('rootfs.gone', gone, 'went'), ...group('rootfs.added', added, 'came')]
}

function packageChanges(
  was: readonly DescribedPackage[],
  is: readonly DescribedPackage[],
  talos: string,
): readonly Change[] {
  // The system itself has the version of the release.
  const differing = comparePackages(was, is, (old, now) => old !== undefined && now === talos)
  if (differing.length === 0) return []
  return [
    change('packages', 'root filesystem', 'note', `${count(differing, 'package')} changed: ${list(differing)}`, {
      names: differing,
      rules: ['ROOT-004'],
    }),
  ]
}

/** `runc 1.3.0 → 1.3.3`, of packages that differ and are not reported elsewhere. */
export function comparePackages(
  was: readonly DescribedPackage[],
  is: readonly DescribedPackage[],
  isExpected: (old: string | undefined, now: string | undefined) => boolean = () => false,
): readonly string[] {
  const versionsOf = (packages: readonly DescribedPackage[]) =>
    new Map(packages.flatMap(({ name, version }) => (REPORTED_ELSEWHERE.has(name) ? [] : [[name, version] as const])))
  const [before, after] = [versionsOf(was), versionsOf(is)]
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)]
    return old === now || isExpected(old, now) ? [] : [`${name} ${old ?? 'none'} → ${now ?? 'none'}`]
  })
}
