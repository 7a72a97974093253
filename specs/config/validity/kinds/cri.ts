// Registries and containerd: siderolabs/talos pkg/machinery/config/types/cri.
import { all, named, type Checks } from '../check.ts'
import { isQualifiedName } from '../names.ts'
import { checkCertificateAndKey, hasCertificate } from '../pem.ts'
import { checkRuntimeSpec } from '../runtime-spec.ts'

export const CRI_CHECKS: Checks = {
  // base_runtime_spec.go
  CRIBaseRuntimeSpecConfig: ({ doc, fail }) => checkRuntimeSpec(doc.get('overrides'), fail),
  // customization.go
  CRICustomizationConfig: ({ doc, fail }) => {
    const name = doc.get('name')
    if (!isQualifiedName(name.text)) fail(name, 'is no qualified name', { got: name.text })
    if (name.text === 'customization') fail(name, 'is taken by the customization of v1alpha1', { got: name.text })
  },
  // registry_auth.go
  RegistryAuthConfig: all(named, ({ doc, fail }) => {
    const given = ['auth', 'username', 'identityToken'].map((key) => doc.get(key)).filter((view) => view.isText)
    if (given.length > 1 && given[1] !== undefined)
      fail(
        given[1],
        `is given beside ${given[0]?.key.split(': ').at(-1) ?? ''}: one way to log in is all that there can be`,
      )
  }),
  // registry_mirror.go
  RegistryMirrorConfig: all(named, ({ doc, fail }) => {
    for (const endpoint of doc.get('endpoints').items) {
      const url = endpoint.get('url')
      if (!url.isText) fail(url, 'is required')
      else if (!['http', 'https'].includes(url.url?.scheme ?? ''))
        fail(url, 'is no URL of a registry', { expected: 'http:// or https://', got: url.text })
    }
  }),
  // registry_tls.go
  RegistryTLSConfig: all(named, ({ doc, minor, fail }) => {
    const ca = doc.get('ca')
    if (ca.isText && !hasCertificate(ca.text)) fail(ca, 'is no certificate in PEM')
    checkCertificateAndKey(doc.get('clientIdentity'), fail, minor < 14)
  }),
}
