<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use Panelbridge\Standin\Api\BillingActions;
use Panelbridge\Standin\Api\ModuleActions;
use Panelbridge\Standin\Api\ServiceActions;
use Panelbridge\Standin\Api\SystemActions;

/** localAPI: the actions modules call, with "result" success or error (WHMCS API reference). */
final class LocalApi
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    public function call(string $action, array $values): array
    {
        $groups = [new ModuleActions($this->shop), new ServiceActions($this->shop), new BillingActions($this->shop),
            new SystemActions($this->shop)];
        foreach ($groups as $group) {
            $handler = $group->handlers()[strtolower($action)] ?? null;
            if ($handler === null) {
                continue;
            }
            try {
                return ['result' => 'success'] + $handler($values);
            } catch (Refused $refused) {
                return ['result' => 'error', 'message' => $refused->getMessage()];
            }
        }
        // Unknown actions get the same text as forbidden ones (drosendo/whmcs-custom-apis#1).
        return ['result' => 'error', 'message' => "Invalid Permissions: API action \"$action\" is not allowed"];
    }
}
