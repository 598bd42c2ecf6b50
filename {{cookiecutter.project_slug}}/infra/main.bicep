// All that the project has in Azure. `uv run infra up` deploys it, with parameters from environments/ and parameters.yml.
targetScope = 'subscription'

@description('The short name of the project, with which the names of groups and identities begin.')
@minLength(1)
@maxLength(24)
param project string

param location string

@description('Where models are trained and served: {name, group, workspace, budgetStart, endpoints: [{name, latency, users}]}. The first trains.')
@minLength(1)
param places array

@description('Who works in CI: {name, kind: train, deploy or monitor, place: number of the place, autoscale, credentials: [{name, issuer, subject}]}.')
@minLength(1)
param identities array

@description('The Azure ML registry through which models pass from one workspace to the next; empty: there is one workspace.')
param registry string = ''

@description('true: two roles of the project itself, so that the identity that trains cannot deploy.')
param customRoles bool = false

@description('true: no public access, a managed network, private endpoints and DNS.')
param privateNetwork bool = false

param computeSize string = 'Standard_DS3_v2'

@minValue(1)
param computeNodes int = 2

@description('A month and resource group, in the currency of the subscription.')
@minValue(1)
param budget int = 100

@description('The first day of the month in which the budget of the registry was made.')
param registryBudgetStart string = ''

@description('Addresses that alarms are mailed to.')
param mails array = []

@description('The incoming webhook of a chat that alarms are told to.')
@secure()
param chatWebhook string = ''

@description('What new data starts: {host: github or azure-devops, start, runs, cooldownDays}; empty: nothing.')
param trigger object = {}

var tags = {
  project: project
  'made-by': 'infra'
}
var monitoringReader = '43d0d8ad-25c7-4714-9337-8ba259a9fe05'

resource groups 'Microsoft.Resources/resourceGroups@2024-03-01' = [for place in places: {
  name: place.group
  location: location
  tags: tags
}]

resource identityGroup 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: '${project}-identities'
  location: location
  tags: tags
}

resource registryGroup 'Microsoft.Resources/resourceGroups@2024-03-01' = if (!empty(registry)) {
  name: '${project}-registry'
  location: location
  tags: tags
}

module members 'modules/identity.bicep' = [for identity in identities: {
  name: 'identity-${identity.name}'
  scope: identityGroup
  params: {
    name: '${project}-${identity.name}'
    location: location
    tags: tags
    credentials: identity.credentials
  }
}]

module homes 'modules/place.bicep' = [for (place, i) in places: {
  name: 'place-${place.name}'
  scope: groups[i]
  params: {
    project: project
    location: location
    tags: tags
    workspaceName: place.workspace
    privateNetwork: privateNetwork
    computeSize: computeSize
    computeNodes: computeNodes
  }
}]

module networks 'modules/network.bicep' = [for (place, i) in places: if (privateNetwork) {
  name: 'network-${place.name}'
  scope: groups[i]
  params: {
    location: location
    tags: tags
    workspace: homes[i].outputs.workspace
    storage: homes[i].outputs.storage
    vault: homes[i].outputs.vault
    images: homes[i].outputs.images
  }
}]

module watches 'modules/watch.bicep' = [for (place, i) in places: {
  name: 'watch-${place.name}'
  scope: groups[i]
  params: {
    title: '${project} ${place.name}'
    location: location
    tags: tags
    workspaceName: place.workspace
    workspace: homes[i].outputs.workspace
    logs: homes[i].outputs.logs
    endpoints: place.endpoints
    mails: mails
    chatWebhook: chatWebhook
  }
}]

module budgets 'modules/budget.bicep' = [for (place, i) in places: {
  name: 'budget-${place.name}'
  scope: groups[i]
  params: {
    amount: budget
    start: place.budgetStart
    mails: mails
    actions: watches[i].outputs.actions
  }
}]

module sharing 'modules/registry.bicep' = if (!empty(registry)) {
  name: 'registry'
  scope: registryGroup
  params: {
    name: registry
    location: location
    tags: tags
    users: [for (identity, i) in identities: {
      name: identity.name
      principalId: members[i].outputs.principalId
    }]
  }
}

module registryBudget 'modules/budget.bicep' = if (!empty(registry)) {
  name: 'budget-registry'
  scope: registryGroup
  params: {
    amount: budget
    start: registryBudgetStart
    mails: mails
    actions: watches[0].outputs.actions
  }
}

module access 'modules/access.bicep' = [for (identity, i) in identities: {
  name: 'access-${identity.name}'
  scope: groups[identity.place]
  params: {
    kind: identity.kind
    principalId: members[i].outputs.principalId
    identity: '${project}-${identity.name}'
    workspaceName: homes[identity.place].outputs.workspaceName
    storageName: homes[identity.place].outputs.storageName
    customRoles: customRoles
    autoscale: identity.autoscale
  }
}]

// The one role above a resource group: Azure Monitor's service for metrics asks for it there, and it only reads.
resource metrics 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (identity, i) in identities: if (identity.kind == 'deploy') {
  name: guid(subscription().id, project, identity.name, monitoringReader)
  properties: {
    principalId: members[i].outputs.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringReader)
  }
}]

module starter 'modules/trigger.bicep' = if (!empty(trigger)) {
  name: 'trigger'
  scope: groups[0]
  params: {
    project: project
    location: location
    tags: tags
    storageName: homes[0].outputs.storageName
    host: trigger.host
    start: trigger.start
    runs: trigger.runs
    cooldownDays: trigger.cooldownDays
  }
}

@description('The id with which the jobs of each environment log in.')
output clients array = [for (identity, i) in identities: {
  name: identity.name
  id: members[i].outputs.clientId
}]

output workspaces array = [for (place, i) in places: {
  name: place.name
  group: place.group
  workspace: homes[i].outputs.workspaceName
  storage: homes[i].outputs.storageName
}]
