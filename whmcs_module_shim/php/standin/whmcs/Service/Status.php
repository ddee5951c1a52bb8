<?php

declare(strict_types=1);

namespace WHMCS\Service;

/** Service statuses (WHMCS class docs; vocabulary of the API reference). */
class Status
{
    public const PENDING = 'Pending';
    public const ACTIVE = 'Active';
    public const SUSPENDED = 'Suspended';
    public const TERMINATED = 'Terminated';
    public const CANCELLED = 'Cancelled';
    public const FRAUD = 'Fraud';
    public const COMPLETED = 'Completed';
}
