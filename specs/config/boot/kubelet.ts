// The start of the kubelet and the control plane: fields and arguments that keep them from starting.
import { COMPONENTS, type Component } from '#harness/machine-config/node-facts.ts'
import { isUnknown, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'
import { MINORS } from '#harness/machine-config/schema/schema.ts'
import { targetMinor } from '../validity/target.ts'
import { KUBELET } from '../upstream/fields.ts'
import { wrongFields } from './fields.ts'

/**
 * Arguments that Talos gives itself and refuses to have changed (MergeDenied): controllers/k8s/{kubelet_spec,
 * control_plane_static_pod,control_plane_final}.go of siderolabs/talos v1.11.6, v1.12.7, v1.13.9, v1.14.0-rc.1.
 */
const DENIED: Readonly<Record<Component, readonly string[]>> = {
  kubelet: `bootstrap-kubeconfig kubeconfig container-runtime container-runtime-endpoint config cert-dir`.split(' '),
  'kube-apiserver':
    `etcd-servers client-ca-file requestheader-client-ca-file proxy-client-cert-file proxy-client-key-file
    encryption-provider-config etcd-cafile etcd-certfile etcd-keyfile kubelet-client-certificate kubelet-client-key
    service-account-key-file service-account-signing-key-file tls-cert-file tls-private-key-file
    authorization-config`.split(/\s+/),
  'kube-controller-manager': `cluster-signing-cert-file cluster-signing-key-file authentication-kubeconfig
    authorization-kubeconfig root-ca-file service-account-private-key-file`.split(/\s+/),
  'kube-scheduler': `kubeconfig authentication-kubeconfig authorization-kubeconfig config`.split(' '),
}
/** Flags that are denied since 1.14. */
const DENIED_LATER = ['tls-min-version']

/** Talos decodes the configuration itself, with the fields of its own minor; where none is known, of all of them. */
export const judgeKubeletConfig: ConfigJudge = (facts, context) => {
  const minor = targetMinor(facts, context)
  const minors = minor === undefined ? MINORS : [minor]
  return facts.node.kubeletConfig.flatMap((tree) => {
    const perMinor = minors.map((one) => {
      const { root = '', types = {} } = KUBELET[one] ?? {}
      return wrongFields(tree, root, { types, skips: isUnknown })
    })
    const [first = [], ...others] = perMinor
    // Wrong for one minor may be right for another: a note where the minor is not known.
    const always = first.filter(({ path, message }) =>
      others.every((list) => list.some((other) => other.path === path && other.message === message)),
    )
    const sometimes = perMinor.flat().filter(({ path }) => !always.some((other) => other.path === path))
    const once = new Map(sometimes.map((field) => [field.path, field]))
    return [
      ...always.map(({ at, message }): ConfigFinding => ({
        at,
        message,
        expected: 'a field of KubeletConfiguration v1beta1',
      })),
      ...[...once.values()].map(({ at, message }): ConfigFinding => ({
        at,
        message: `${message} in each Talos minor`,
        kind: 'note',
      })),
    ]
  })
}

export const judgeDeniedArguments: ConfigJudge = (facts, context) => {
  const minor = targetMinor(facts, context)
  const components = COMPONENTS.filter((component) => component === 'kubelet' || facts.isControlPlane)
  return components.flatMap((component) => {
    const later = component === 'kube-apiserver' && minor === '1.14' ? DENIED_LATER : []
    return facts.node.arguments[component]
      .filter(({ name }) => [...DENIED[component], ...later].includes(name))
      .map(({ name, nameAt }) => ({
        at: nameAt,
        message: `Talos gives ${component} --${name} itself, and makes none where it is given again`,
        expected: `no ${name} in the extra arguments of ${component}`,
      }))
  })
}
