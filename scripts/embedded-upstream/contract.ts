// The contract as the embedded release is made and judged by it.
import type { Identity } from '#fixtures/simulator/authority/authority.ts'
import { SIDERO } from '#fixtures/simulator/authority/sign-upstream.ts'
import { matchesSigner } from '#harness/signing/signer.ts'
import type { Contract } from '#specs/contract/contract.ts'

const PUBLISHER: Identity = { issuer: 'https://issuer.example.com', subject: 'https://example.com/publisher' }

export type EmbeddedContract = { readonly contract: Contract; readonly publisher: Identity }

/**
 * The authority of the moment signs as anybody who is named; where the contract names only keys, or only patterns, whoever
 * can sign here takes their place.
 */
export function embeddedContract(contract: Contract): EmbeddedContract {
  const { upstream, signing } = contract
  const named = signing.signers.find((one) => 'subject' in one)
  const isSidero = upstream.signers.some((trusted) => matchesSigner(SIDERO, trusted))
  return {
    publisher: named ?? PUBLISHER,
    contract: {
      ...contract,
      ...(!isSidero && { upstream: { ...upstream, signers: [SIDERO] } }),
      ...(named === undefined && { signing: { ...signing, signers: [PUBLISHER] } }),
    },
  }
}
