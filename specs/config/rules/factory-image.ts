// Installer images of Image Factory, of the public service or one's own: siderolabs/image-factory
// internal/frontend/http/registry.go @ main of August 2026.
import type { Contract, Variant } from '../../contract/contract.ts'
import type { NamedRepository } from '../../contract/repositories.ts'
import type { ConfigContext } from '../../support/config-rule.ts'

/** `metal-installer-secureboot/<schematic>` below a host, without a prefix until 1.9. */
const INSTALLER = /^(.+)\/(?:([a-z0-9-]+)-)?installer(-secureboot)?\/([0-9a-f]{64})$/
/** The public service. */
const PUBLIC = ['factory.talos.dev']
/** The platform of the contract's images, and of installers whose name has none. */
const METAL = 'metal'

export type FactoryImage = { readonly platform: string; readonly secureBoot: boolean; readonly schematic: string }

/** Undefined for an image that is not named as those of a factory are, and for one of a host that the contract does not name. */
export function factoryImage(named: NamedRepository, contract: Pick<Contract, 'upstream'>): FactoryImage | undefined {
  const found = parseName(named)
  return found !== undefined && factoriesOf(contract).includes(found.host) ? found : undefined
}

/** The host of an image that is named as those of a factory are, where the contract does not name it. */
export function unknownFactory(named: NamedRepository, contract: Pick<Contract, 'upstream'>): string | undefined {
  const { host } = parseName(named) ?? {}
  return host === undefined || factoriesOf(contract).includes(host) ? undefined : host
}

export function factoriesOf({ upstream }: Pick<Contract, 'upstream'>): readonly string[] {
  return upstream.factories ?? PUBLIC
}

function parseName({ registry, repository }: NamedRepository): (FactoryImage & { readonly host: string }) | undefined {
  const [, host = '', platform = METAL, secureBoot, schematic] = INSTALLER.exec(`${registry}/${repository}`) ?? []
  return schematic === undefined ? undefined : { host, platform, secureBoot: secureBoot !== undefined, schematic }
}

type Known = NonNullable<NonNullable<ConfigContext['beside']>['schematic']>
type Difference = { readonly message: string; readonly expected: string; readonly got: string }

/** Differences of the image from the one that is made of a known schematic for the variant. */
export function factoryDifferences(
  { platform, secureBoot, schematic }: FactoryImage,
  { id, extensions }: Known,
  { contract, variant }: { readonly contract: Contract; readonly variant: Variant },
): readonly Difference[] {
  const { secureBoot: wanted } = contract
  const differences: Difference[] = []
  if (schematic !== id)
    differences.push({ message: 'the install image is of another schematic', expected: id, got: schematic })
  if (extensions !== undefined && !isSameSet(extensions, variant.extensions))
    differences.push({
      message: 'the schematic of the install image lists other extensions than the variant has',
      expected: variant.extensions.join(', '),
      got: extensions.join(', ') || 'none',
    })
  if (platform !== METAL)
    differences.push({ message: 'the install image is for another platform', expected: METAL, got: platform })
  if (secureBoot !== wanted)
    differences.push({
      message: `the install image is ${secureBoot ? '' : 'not '}for SecureBoot, and the contract says otherwise`,
      expected: `${METAL}-installer${wanted ? '-secureboot' : ''}`,
      got: `${platform}-installer${secureBoot ? '-secureboot' : ''}`,
    })
  return differences
}

/** True if two lists have the same members. */
export function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name))
}
