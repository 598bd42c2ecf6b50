// What one identity of CI may do in the resource group of its place, and no more.
@allowed([
  'train'
  'deploy'
  'monitor'
])
param kind string
param principalId string

@description('Its name, for the names of what is made here.')
param identity string
param workspaceName string
param storageName string
param customRoles bool
param autoscale bool

var provider = 'Microsoft.MachineLearningServices/workspaces'
var reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
var dataScientist = 'f6c7c914-8db3-469d-8ca1-694a8f32e121'
var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var ownRole = customRoles && kind != 'monitor'
var blobRole = kind == 'monitor' ? blobReader : blobContributor
var actions = {
  train: [
    '${provider}/read'
    '${provider}/*/read'
    '${provider}/codes/*'
    '${provider}/components/*'
    '${provider}/data/*'
    '${provider}/environments/*'
    '${provider}/experiments/*'
    '${provider}/jobs/*'
    '${provider}/metadata/*'
    '${provider}/models/*'
  ]
  deploy: [
    '${provider}/read'
    '${provider}/*/read'
    '${provider}/codes/*'
    '${provider}/data/*'
    '${provider}/environments/*'
    '${provider}/onlineEndpoints/*'
  ]
  monitor: []
}

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-12-01' existing = {
  name: workspaceName
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource own 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (ownRole) {
  name: guid(resourceGroup().id, kind, identity)
  properties: {
    roleName: '${identity} in ${resourceGroup().name}'
    description: kind == 'train' ? 'Trains and registers models, but cannot deploy.' : 'Deploys models, but cannot train.'
    type: 'CustomRole'
    permissions: [
      {
        actions: actions[kind]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource worksOwn 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (ownRole) {
  scope: workspace
  name: guid(workspace.id, identity, 'own')
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: own.id
  }
}

resource works 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!ownRole && kind != 'monitor') {
  scope: workspace
  name: guid(workspace.id, identity, dataScientist)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dataScientist)
  }
}

// Of the group, for how endpoints scale lies beside the workspace.
resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'monitor') {
  name: guid(resourceGroup().id, identity, reader)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', reader)
  }
}

resource files 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, identity, blobRole)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobRole)
  }
}

// No role of Azure's own is as narrow: endpoints that scale out have a setting of Azure Monitor's beside them.
resource scales 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (autoscale) {
  name: guid(resourceGroup().id, 'autoscale', identity)
  properties: {
    roleName: '${identity} scales in ${resourceGroup().name}'
    description: 'Sets how far endpoints scale out.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Insights/autoscaleSettings/*'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource scaling 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (autoscale) {
  name: guid(resourceGroup().id, identity, 'autoscale')
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: scales.id
  }
}
