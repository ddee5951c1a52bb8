<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;
use WHMCS\Service\Addon;
use WHMCS\Service\Service;

/** Builds $params (WHMCS developer docs, module parameters; undocumented keys seen in open modules). */
final class Params
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param array<string, mixed> $extra keys a command adds, such as suspendreason
     * @return array<string, mixed>
     */
    public function ofService(int $serviceId, array $extra = []): array
    {
        $service = Shop::row('tblhosting', $serviceId);
        $product = Shop::row('tblproducts', (int) $service['packageid']);
        $params = [
            'serviceid' => $serviceId,
            'userid' => (int) $service['userid'],
            'pid' => (int) $service['packageid'],
            'serverid' => (int) $service['server'],
            'domain' => $this->text($service['domain']),
            'username' => $this->text($service['username']),
            'password' => $this->text($this->shop->decrypt((string) $service['password'])),
            'producttype' => (string) $product['type'],
            'moduletype' => (string) $product['servertype'],
            'clientsdetails' => $this->client((int) $service['userid']),
            'customfields' => array_map([$this, 'text'], (new CustomFields())->values($serviceId)),
            'configoptions' => (new ConfigurableOptions())->values($serviceId),
            'model' => Service::query()->find($serviceId),
            'server' => (int) $service['server'] > 0,
        ];
        $params += $this->options($product) + $this->serverKeys((int) $service['server']);
        return $this->oddities($this->undocumented($params, $service, $extra));
    }

    /** @return array<string, mixed> only the server's keys: what TestConnection, UsageUpdate and ListAccounts get */
    public function ofServer(int $serverId): array
    {
        return $this->oddities(['serverid' => $serverId, 'server' => true] + $this->serverKeys($serverId));
    }

    /** @return array<string, mixed> what loaders on the Module Settings page get */
    public function ofProduct(int $productId): array
    {
        $product = Shop::row('tblproducts', $productId);
        $serverId = (new Catalogue($this->shop))->pickServer($product);
        return $this->oddities(
            ['pid' => $productId, 'moduletype' => (string) $product['servertype'], 'serverid' => $serverId]
            + $this->options($product) + $this->serverKeys($serverId)
        );
    }

    /**
     * Commands for a product add-on carry addonId and an add-on model (WHMCS developer docs; pterodactyl/whmcs#104).
     *
     * @return array<string, mixed>
     */
    public function ofAddon(int $addonId): array
    {
        $addon = Addon::query()->find($addonId) ?? throw new Refused("there is no service add-on $addonId");
        $params = $this->ofService((int) $addon->getAttribute('hostingid'));
        return ['addonId' => $addonId, 'model' => $addon] + $params;
    }

    /** @return array<string, mixed> */
    public function client(int $clientId): array
    {
        $row = Shop::row('tblclients', $clientId);
        $keys = ['uuid', 'firstname', 'lastname', 'companyname', 'email', 'address1', 'address2', 'city', 'state',
            'postcode', 'country', 'phonenumber', 'language', 'status'];
        $details = ['id' => $clientId, 'userid' => $clientId, 'client_id' => $clientId];
        foreach ($keys as $key) {
            $details[$key] = $this->text($row[$key]);
        }
        return $details;
    }

    private function text(mixed $stored): string
    {
        return $this->shop->settings->says('entities_encoded') ? (string) $stored : Text::decoded((string) $stored);
    }

    /**
     * @param array<string, mixed> $product
     * @return array<string, string>
     */
    private function options(array $product): array
    {
        $options = [];
        for ($n = 1; $n <= 24; $n++) {
            $options["configoption$n"] = $this->text($product["configoption$n"]);
        }
        return $options;
    }

    /** @return array<string, mixed> */
    private function serverKeys(int $serverId): array
    {
        if ($serverId === 0) {
            return ['serverip' => '', 'serverhostname' => '', 'serverusername' => '', 'serverpassword' => '',
                'serveraccesshash' => '', 'serversecure' => false];
        }
        $row = Shop::row('tblservers', $serverId);
        $hash = (string) $row['accesshash'];
        $secure = $row['secure'] === 'on';
        $keys = [
            'serverip' => (string) $row['ipaddress'],
            'serverhostname' => (string) $row['hostname'],
            'serverusername' => $this->text($row['username']),
            'serverpassword' => $this->text($this->shop->decrypt((string) $row['password'])),
            'serveraccesshash' => $this->shop->settings->says('accesshash_encrypted')
                ? $this->shop->decrypt($hash) : $hash,
            'serversecure' => $secure,
        ];
        // Without declared default ports WHMCS does not offer serverport (WHMCS developer docs, meta data).
        $meta = $this->shop->module()->metaData();
        $default = $meta[$secure ? 'DefaultSSLPort' : 'DefaultNonSSLPort'] ?? null;
        if ($default !== null) {
            $keys['serverport'] = (string) ((int) $row['port'] > 0 ? $row['port'] : $default);
        }
        return $keys + ['serverhttpprefix' => $secure ? 'https' : 'http'];
    }

    /**
     * Keys no document names but open modules read; they may be missing on another release.
     *
     * @param array<string, mixed> $params
     * @param array<string, mixed> $service
     * @param array<string, mixed> $extra
     * @return array<string, mixed>
     */
    private function undocumented(array $params, array $service, array $extra): array
    {
        if ($this->shop->settings->says('undocumented_params', 'present')) {
            $params += [
                'packageid' => $params['pid'],
                'addonId' => 0,
                'status' => (string) $service['domainstatus'],
                'suspendreason' => (string) $service['suspendreason'],
                'whmcsVersion' => (string) $this->shop->settings->configuration('Version'),
            ];
        }
        if (!$this->shop->settings->says('suspendreason_present')) {
            unset($params['suspendreason'], $extra['suspendreason']);
        }
        return $extra + $params;
    }

    /**
     * @param array<string, mixed> $params
     * @return array<string, mixed>
     */
    private function oddities(array $params): array
    {
        if ($this->shop->settings->says('numbers_as_strings')) {
            foreach (['serviceid', 'userid', 'pid', 'packageid', 'serverid'] as $key) {
                $params = isset($params[$key]) ? [$key => (string) $params[$key]] + $params : $params;
            }
        }
        $forms = ['bool' => [false, true], 'on' => ['', 'on'], 'one' => ['', '1']];
        if (isset($params['serversecure'])) {
            $form = $forms[$this->shop->settings->position('serversecure_form')];
            $params['serversecure'] = $form[(int) $params['serversecure']];
        }
        return $params;
    }
}
