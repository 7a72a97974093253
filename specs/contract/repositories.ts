// Repositories of the variants' installer images, as the contract decides or their names say.
import type { Contract } from './contract.ts'

/** A repository with its registry: `ghcr.io`, `you/talos-spin-only`. */
export type NamedRepository = { readonly registry: string; readonly repository: string }

/** The repositories of a variant's images: those that the contract lists, else the variant's name or `talos-` and its name. */
export function repositoriesOf(variant: string, { variants }: Pick<Contract, 'variants'>): readonly string[] {
  return variants[variant]?.repositories ?? [variant, `talos-${variant}`]
}

/** True if a repository is one of the variant's: whole, or its end from a slash on. */
export function isRepositoryOf(
  { registry, repository }: NamedRepository,
  variant: string,
  contract: Pick<Contract, 'variants'>,
): boolean {
  const whole = `/${registry}/${repository}`
  return repositoriesOf(variant, contract).some((known) => whole.endsWith(`/${known}`))
}

/** The variant that a repository is of; undefined when no name says. */
export function variantOf(named: NamedRepository, contract: Pick<Contract, 'variants'>): string | undefined {
  return Object.keys(contract.variants).find((variant) => isRepositoryOf(named, variant, contract))
}
