// Who hears of what goes wrong in a place, and where it is seen.
param title string
param location string
param tags object
param workspaceName string
param workspace string
param logs string

@description('Those that there are: {name, latency: milliseconds that the 95th percentile may take, users: whether there are any}')
param endpoints array
param mails array

@secure()
param chatWebhook string

var version = '2019-05-01'
var namespace = 'Microsoft.MachineLearningServices/workspaces'

resource home 'Microsoft.MachineLearningServices/workspaces@2025-12-01' existing = {
  name: workspaceName
}

resource online 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints@2025-12-01' existing = [for endpoint in endpoints: {
  parent: home
  name: endpoint.name
}]

// A chat takes a text, not Azure's form of an alarm. The address of the chat is a secret and stays one here.
resource chat 'Microsoft.Logic/workflows@2019-05-01' = if (!empty(chatWebhook)) {
  name: '${workspaceName}-chat'
  location: location
  tags: tags
  properties: {
    state: 'Enabled'
    definition: {
      '$schema': 'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#'
      contentVersion: '1.0.0.0'
      parameters: {
        chat: {
          type: 'SecureString'
        }
      }
      triggers: {
        alarm: {
          type: 'Request'
          kind: 'Http'
          inputs: {
            schema: {}
          }
        }
      }
      actions: {
        tell: {
          type: 'Http'
          runAfter: {}
          inputs: {
            method: 'POST'
            uri: '@parameters(\'chat\')'
            body: {
              text: '@{triggerBody()?[\'data\']?[\'essentials\']?[\'monitorCondition\']}: @{triggerBody()?[\'data\']?[\'essentials\']?[\'alertRule\']}. @{triggerBody()?[\'data\']?[\'essentials\']?[\'description\']}'
            }
          }
          runtimeConfiguration: {
            secureData: {
              properties: [
                'inputs'
              ]
            }
          }
        }
      }
    }
    parameters: {
      chat: {
        value: chatWebhook
      }
    }
  }
}

resource actions 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${workspaceName}-alarms'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'mlops'
    enabled: true
    emailReceivers: [for (mail, i) in mails: {
      name: 'mail-${i}'
      emailAddress: mail
      useCommonAlertSchema: true
    }]
    logicAppReceivers: empty(chatWebhook) ? [] : [
      {
        name: 'chat'
        resourceId: chat.id
        callbackUrl: listCallbackUrl('${chat.id}/triggers/alarm', version).value
        useCommonAlertSchema: true
      }
    ]
  }
}

resource failedJobs 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${workspaceName}-failed-jobs'
  location: 'global'
  tags: tags
  properties: {
    description: 'A job failed in ${workspaceName}; the studio says why.'
    severity: 2
    enabled: true
    scopes: [
      workspace
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'failed'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: namespace
          metricName: 'Failed Runs'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [
      {
        actionGroupId: actions.id
      }
    ]
  }
}

resource errors 'Microsoft.Insights/metricAlerts@2018-03-01' = [for (endpoint, i) in endpoints: {
  name: '${endpoint.name}-errors'
  location: 'global'
  tags: tags
  properties: {
    description: '${endpoint.name} answers with errors.'
    severity: 1
    enabled: true
    scopes: [
      online[i].id
    ]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'errors'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: '${namespace}/onlineEndpoints'
          metricName: 'RequestsPerMinute'
          dimensions: [
            {
              name: 'statusCodeClass'
              operator: 'Include'
              values: [
                '5xx'
              ]
            }
          ]
          timeAggregation: 'Average'
          operator: 'GreaterThanOrEqual'
          threshold: 1
        }
      ]
    }
    actions: [
      {
        actionGroupId: actions.id
      }
    ]
  }
}]

resource slow 'Microsoft.Insights/metricAlerts@2018-03-01' = [for (endpoint, i) in endpoints: {
  name: '${endpoint.name}-latency'
  location: 'global'
  tags: tags
  properties: {
    description: '${endpoint.name} is slower than ${endpoint.latency} ms (95th percentile).'
    severity: 2
    enabled: true
    scopes: [
      online[i].id
    ]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'latency'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: '${namespace}/onlineEndpoints'
          metricName: 'RequestLatency_P95'
          timeAggregation: 'Average'
          operator: 'GreaterThan'
          threshold: endpoint.latency
        }
      ]
    }
    actions: [
      {
        actionGroupId: actions.id
      }
    ]
  }
}]

resource traffic 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = [for (endpoint, i) in endpoints: {
  scope: online[i]
  name: '${endpoint.name}-traffic'
  properties: {
    workspaceId: logs
    logs: [
      {
        category: 'AmlOnlineEndpointTrafficLog'
        enabled: true
      }
    ]
  }
}]

// By the log, for a metric without requests has no values that an alarm could look at.
resource silent 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for (endpoint, i) in endpoints: if (endpoint.users) {
  name: '${endpoint.name}-no-traffic'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    description: '${endpoint.name} was asked nothing for an hour.'
    severity: 2
    enabled: true
    scopes: [
      logs
    ]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: 'AmlOnlineEndpointTrafficLog | where EndpointName == \'${endpoint.name}\''
          timeAggregation: 'Count'
          operator: 'LessThan'
          threshold: 1
        }
      ]
    }
    actions: {
      actionGroups: [
        actions.id
      ]
    }
  }
  dependsOn: [
    traffic[i]
  ]
}]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspace, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: title
    category: 'workbook'
    sourceId: logs
    serializedData: replace(loadTextContent('../workbook.json'), '<logs>', logs)
  }
}

output actions string = actions.id
