<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** WHMCS's list of failed module actions that wait for a click on Retry; nothing in `$params` tells such a click. */
final class ModuleQueue
{
    public static function holds(int $serviceId, string $action): bool
    {
        $row = ['service_type' => 'service', 'service_id' => $serviceId, 'module_action' => $action, 'completed' => 0];
        return Guarded::orElse(
            'module queue',
            static fn (): bool => Capsule::schema()->hasTable('tblmodulequeue')
                && Capsule::table('tblmodulequeue')->where($row)->exists(),
            false
        );
    }
}
