<?php

declare(strict_types=1);

namespace WHMCS\UsageBilling\Contracts\Metrics;

/** What a module's MetricProvider returns (WHMCS developer docs, usage metrics). */
interface ProviderInterface
{
    /** @return list<MetricInterface> must work without a server: it is called for product pricing */
    public function metrics();

    /** @return array<string, list<MetricInterface>> by tenant */
    public function usage();

    /**
     * @param string $tenant the value of the field named by ListAccountsUniqueIdentifierField
     * @return list<MetricInterface>
     */
    public function tenantUsage($tenant);
}
