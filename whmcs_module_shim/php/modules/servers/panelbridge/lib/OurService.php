<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** A service of ours as $params would tell it, read from the tables: for hooks, which get an id at most. */
final class OurService
{
    /** Null when there is no such service or it belongs to another module. */
    public static function find(int $serviceId): ?Params
    {
        $service = $serviceId > 0 ? Capsule::table('tblhosting')->where('id', $serviceId)->first() : null;
        $product = $service === null ? null : Products::ours((int) $service->packageid);
        if ($service === null || $product === null) {
            return null;
        }
        $raw = [
            'serviceid' => (int) $service->id,
            'userid' => (int) $service->userid,
            'pid' => (int) $service->packageid,
            'status' => (string) $service->domainstatus,
            'domain' => (string) $service->domain,
            'username' => (string) $service->username,
            'password' => Sealed::opened((string) $service->password),
            'suspendreason' => (string) ($service->suspendreason ?? ''),
            'configoptions' => ['Connections' => ConfigurableOption::ofService($serviceId, 'Connections')],
            'customfields' => self::customFields($serviceId, (int) $service->packageid),
        ];
        for ($n = 1; $n <= 3; $n++) {
            // The product was decoded when it was read; encoding anew keeps "decoded exactly once" true.
            $raw['configoption' . $n] = Text::html($product->exact('configoption' . $n));
        }
        return Params::of($raw + Servers::keysFor((int) $service->server, $product));
    }

    /** @return array<string, string> */
    private static function customFields(int $serviceId, int $productId): array
    {
        $rows = Capsule::table('tblcustomfields as f')->join('tblcustomfieldsvalues as v', 'v.fieldid', '=', 'f.id')
            ->where('f.type', 'product')->where('f.relid', $productId)->where('v.relid', $serviceId)
            ->select(['f.fieldname', 'v.value'])->get();
        $values = [];
        foreach ($rows as $row) {
            $values[trim(explode('|', (string) $row->fieldname, 2)[0])] = (string) $row->value;
        }
        return $values;
    }
}
