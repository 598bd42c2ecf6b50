// Where models are trained or served: a workspace with all that it needs, and a cluster that costs nothing while idle.
param project string
param location string
param tags object
param workspaceName string
param privateNetwork bool
param computeSize string
param computeNodes int

var unique = uniqueString(resourceGroup().id)
var short = take(replace(toLower(project), '-', ''), 8)
var access = privateNetwork ? 'Disabled' : 'Enabled'
var unlessPrivate = privateNetwork ? 'Deny' : 'Allow'
var roles = {
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  pull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'st${short}${unique}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: access
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: unlessPrivate
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: storage
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

// New data comes here; with the trigger it starts `train`.
resource data 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: 'data'
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-${short}${unique}'
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: access
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: unlessPrivate
    }
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${workspaceName}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
    features: {
      disableLocalAuth: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${workspaceName}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
  }
}

resource images 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: 'cr${short}${unique}'
  location: location
  tags: tags
  sku: {
    name: privateNetwork ? 'Premium' : 'Basic'
  }
  properties: {
    adminUserEnabled: false
    publicNetworkAccess: access
  }
}

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-12-01' = {
  name: workspaceName
  location: location
  tags: tags
  kind: 'Default'
  sku: {
    name: 'Basic'
    tier: 'Basic'
  }
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    friendlyName: workspaceName
    storageAccount: storage.id
    keyVault: vault.id
    applicationInsights: insights.id
    containerRegistry: images.id
    systemDatastoresAuthMode: 'Identity'
    v1LegacyMode: false
    publicNetworkAccess: access
    managedNetwork: {
      isolationMode: privateNetwork ? 'AllowInternetOutbound' : 'Disabled'
    }
    imageBuildCompute: privateNetwork ? 'cpu-cluster' : null
  }
}

resource worker 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${workspaceName}-compute'
  location: location
  tags: tags
}

resource readsAndWrites 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, worker.id, roles.blobContributor)
  properties: {
    principalId: worker.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
  }
}

resource pulls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: images
  name: guid(images.id, worker.id, roles.pull)
  properties: {
    principalId: worker.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.pull)
  }
}

// The name stands in pipelines/train.yml.
resource cluster 'Microsoft.MachineLearningServices/workspaces/computes@2025-12-01' = {
  parent: workspace
  name: 'cpu-cluster'
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${worker.id}': {}
    }
  }
  properties: {
    computeType: 'AmlCompute'
    properties: {
      vmSize: computeSize
      vmPriority: 'LowPriority'
      enableNodePublicIp: !privateNetwork
      remoteLoginPortPublicAccess: 'Disabled'
      scaleSettings: {
        minNodeCount: 0
        maxNodeCount: computeNodes
        nodeIdleTimeBeforeScaleDown: 'PT2M'
      }
    }
  }
  dependsOn: [
    pulls
    readsAndWrites
  ]
}

output workspace string = workspace.id
output workspaceName string = workspace.name
output storage string = storage.id
output storageName string = storage.name
output vault string = vault.id
output images string = images.id
output logs string = logs.id
