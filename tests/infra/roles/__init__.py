"""Who may do what: the operation that a request needs, and the roles that the template gives to each identity of CI.

An assignment allows an operation at its scope and below it when its role's actions name it and its notActions do not;
`*` stands for any text, also for none (https://learn.microsoft.com/azure/role-based-access-control/role-definitions).
"""
