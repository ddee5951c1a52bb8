<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

/** What $params['model'] is to the module: columns and service properties. */
final class ServiceModel
{
    public string $billingcycle = 'Monthly';
    public string $nextduedate = '2026-12-20';
    public string $regdate = '2026-11-20';
    public int $qty = 1;
    public string $suspendreason = '';
    public ServiceProperties $serviceProperties;

    public function __construct(public int $id)
    {
        $this->serviceProperties = new ServiceProperties();
    }
}
