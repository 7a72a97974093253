// Upgrades that Talos or the contract rule out: another architecture, another variant, an older release, a skipped minor.
// https://docs.siderolabs.com/talos/v1.11/configure-your-talos-cluster/lifecycle-management/upgrading-talos, "Supported Upgrade Paths":
// what is tested is adjacent minors, by the newest patch of each. The installer itself refuses more: siderolabs/talos
// pkg/machinery/compatibility/talos_version.go (UpgradeableFrom) with talos110 to talos115.
import { talosBase } from '#harness/talos/talos-version.ts'
import { change, type Change } from '../drift/changes/change.ts'
import type { Side } from './side.ts'

type Versioned = Pick<Side, 'talos' | 'variant' | 'architecture'>

/** An installer takes nodes of two minors before its own, and of one behind it. */
const MOST_SKIPPED = 2
const MOST_BACK = 1

export function upgradeChanges(was: Versioned, is: Versioned): readonly Change[] {
  return [...architectureChange(was, is), ...variantChange(was, is), ...versionChange(was.talos, is.talos)]
}

function architectureChange(was: Versioned, is: Versioned): readonly Change[] {
  if (was.architecture === is.architecture) return []
  return [
    change('upgrade.architecture', 'release', 'breaks', `the image is for ${is.architecture}`, {
      was: was.architecture,
      is: is.architecture,
      rules: ['OCI-001'],
      action: 'no node can run the other’s image: take the one for its architecture',
    }),
  ]
}

function variantChange(was: Versioned, is: Versioned): readonly Change[] {
  if (was.variant === is.variant || was.variant === undefined || is.variant === undefined) return []
  return [
    change('upgrade.variant', 'release', 'breaks', `the image is of the variant ${is.variant}`, {
      was: was.variant,
      is: is.variant,
      rules: ['EXT-002', 'NODE-001'],
      contract: ['variants'],
      action: `take the image of ${was.variant}, or give the nodes the configuration of ${is.variant} first`,
    }),
  ]
}

function versionChange(was: string | undefined, is: string | undefined): readonly Change[] {
  const [before, after] = [was === undefined ? undefined : talosBase(was), is === undefined ? undefined : talosBase(is)]
  if (was === is) return []
  const note = change('release.talos', 'release', 'note', `Talos is ${is ?? 'of no known version'}`, {
    ...(was !== undefined && { was }),
    ...(is !== undefined && { is }),
  })
  if (before === undefined || after === undefined) return [note]
  if (after.compare(before) < 0)
    return [
      note,
      change('upgrade.downgrade', 'release', 'breaks', `Talos ${is} is older than ${was}`, {
        rules: ['NODE-004'],
        action:
          after.major === before.major && before.minor - after.minor <= MOST_BACK
            ? 'Talos tests no way back to an older release: roll back to the entry that is installed (talosctl rollback)'
            : `the installer of ${is} refuses a node of ${was}: roll back to the entry that is installed (talosctl rollback)`,
      }),
    ]
  const minors = after.minor - before.minor
  if (after.major === before.major && minors < 2) return [note]
  const [skipped, last] = [`${before.major}.${before.minor + 1}`, `${after.major}.${after.minor - 1}`]
  const between =
    after.major !== before.major ? 'a major release' : skipped === last ? skipped : `${skipped} to ${last}`
  return [
    note,
    change('upgrade.skipped', 'release', 'breaks', `from ${was} to ${is} skips ${between}`, {
      rules: ['NODE-004'],
      action:
        after.major === before.major && minors <= MOST_SKIPPED
          ? 'Talos tests upgrades from one minor to the next: go by the newest patch of each between them'
          : `the installer of ${is} refuses a node of ${was}: go by the newest patch of each minor between them`,
    }),
  ]
}
