// Signatures that make a UKI start under SecureBoot, and measurements that a TPM releases a node's secrets for
// (siderolabs/talos internal/pkg/uki, internal/pkg/measure, internal/pkg/secureboot @ v1.11.5).
import { must, WITH_UKI } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { policyFindings, signatureFindings } from './signed.ts'

test(
  ...must(
    'UKI-015',
    'where it is signed, its Authenticode signature is valid, by the certificate that the contract names, or by the one inside',
    {
      targets: ['installer', 'media'],
      forms: WITH_UKI,
      needs: ['UKI-001', 'UKI-007'],
      fix: 'sign with imager (secureboot: true and its keys), change nothing afterwards, and name the certificate in the contract (secureBootCertificate)',
    },
  ),
  async ({ uki, contract, note, judge }) => {
    const { broken, notes } = await signatureFindings(uki.source, uki.pe, contract)
    for (const text of notes) note(text, uki.where)
    judge(broken, uki.where).toEqual([])
  },
)

test(
  ...must(
    'UKI-016',
    'a signed UKI has `.pcrpkey`, and every profile a `.pcrsig` by that key over the PCR 11 that its sections give; an unsigned one has none',
    {
      targets: ['installer', 'media'],
      forms: WITH_UKI,
      needs: ['UKI-002', 'UKI-007'],
      fix: 'let imager measure and sign (input.secureboot.pcrSigner): a TPM releases the disk key for these values alone',
    },
  ),
  async ({ uki, judge }) => {
    judge(await policyFindings(uki), uki.whereOf('.pcrsig')).toEqual([])
  },
)
