// The network plugin of a control plane: siderolabs/talos pkg/machinery/config/types/v1alpha1/v1alpha1_validation.go,
// ValidateCNI.
import type { Subject } from '../check.ts'
import { checkEndpoint } from '../kinds/kubernetes.ts'

export function checkCni({ doc, minor, fail }: Subject): void {
  const cni = doc.get('cluster', 'network', 'cni')
  if (!cni.isSet) return
  const [name, urls, flannel] = [cni.get('name'), cni.get('urls'), cni.get('flannel')]
  if (!['flannel', 'none', 'custom'].includes(name.text)) {
    fail(name, 'is no network plugin', { expected: 'flannel, custom, none', got: name.text || 'none given' })
    return
  }
  if (name.text === 'custom') for (const url of urls.items) checkEndpoint(url, fail)
  else if (urls.size > 0) fail(urls, 'are for a custom plugin only')
  if (name.text === 'flannel') return
  if (flannel.get('extraArgs').size > 0) fail(flannel.get('extraArgs'), 'are for flannel only')
  const policies = flannel.get('kubeNetworkPoliciesEnabled')
  if (minor >= 13 && policies.isTrue) fail(policies, 'is for flannel only')
}
